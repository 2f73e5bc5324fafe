# mypy: ignore-errors
"""What inputs there are: required, optional, hidden, of any name; and how they are checked and watched."""

import json

import comfy.samplers
import folder_paths
from comfy.comfy_types import IO

folder_paths.add_model_folder_path("pack_words", folder_paths.get_input_directory())


class AnyType(str):
    """Equal to every other type."""

    def __ne__(self, other):
        return False


class AnyName(dict):
    """Has an input of every name."""

    def __init__(self, kind):
        self.kind = kind

    def __contains__(self, key):
        return True

    def __getitem__(self, key):
        return (self.kind, {"tooltip": "one of many"})


ANY = AnyType("*")


class Words:
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "text": (
                    "STRING",
                    {"multiline": True, "dynamicPrompts": True, "default": "a cat", "tooltip": "Words."},
                ),
                "times": ("INT", {"default": 2, "min": 1, "max": 8, "step": 1}),
                "weight": ("FLOAT", {"default": 0.5, "min": 0.0, "max": 1.0, "step": 0.1, "round": False}),
                "upper": ("BOOLEAN", {"default": False}),
                "joiner": (["comma", "space"],),
                "sampler": (comfy.samplers.KSampler.SAMPLERS,),
                "size": (IO.COMBO, {"options": [256, 512]}),
            },
            "optional": {"more": (IO.STRING, {"forceInput": True}), "seed": ("INT", {"control_after_generate": True})},
        }

    RETURN_TYPES = ("STRING", "INT")
    RETURN_NAMES = ("words", "length")
    FUNCTION = "join"
    CATEGORY = "pack/words"
    DESCRIPTION = """
    Joins words.

        With an indented line.
    """

    def join(self, text, times, weight, upper, joiner, sampler, size, more="", seed=None):
        text = {"comma": ", ", "space": " "}[joiner].join([text] * times) + more
        text = text.upper() if upper else text
        return (text, len(text), "one more than is declared")


class Hidden:
    DEPRECATED = True

    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {},
            "hidden": {
                "node": "UNIQUE_ID",
                "prompt": "PROMPT",
                "png": "EXTRA_PNGINFO",
                "dynamic": "DYNPROMPT",
                "token": "AUTH_TOKEN_COMFY_ORG",
            },
        }

    RETURN_TYPES = ("STRING",)
    FUNCTION = "tell"
    CATEGORY = "pack/words"

    def __init__(self):
        self.calls = 0

    def tell(self, node, prompt, png, dynamic, token):
        self.calls += 1
        own = dynamic.get_node(node)
        assert dynamic.get_original_prompt() == prompt
        told = {"node": node, "type": own["class_type"], "nodes": sorted(prompt), "png": sorted(png), "token": token}
        prompt.clear()
        return (json.dumps({**told, "calls": self.calls}),)


class Show:
    OUTPUT_NODE = True
    INPUT_IS_LIST = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": (ANY,)}}

    RETURN_TYPES = ()
    FUNCTION = "show"
    CATEGORY = "pack"

    def show(self, value):
        return {"ui": {"text": [str(item) for item in value], "private": [{"data": "of its page in the browser"}]}}


class Even:
    EXPERIMENTAL = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"number": ("INT", {"min": 0, "max": 10}), "other": ("INT", {"min": 0, "max": 10})}}

    @classmethod
    def VALIDATE_INPUTS(cls, number):
        return True if number is None or number % 2 == 0 else f"{number} is odd."

    RETURN_TYPES = ("INT",)
    FUNCTION = "give"
    CATEGORY = "pack"

    def give(self, number, other):
        return (number + other,)


class Typed:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("IMAGE",)}}

    @classmethod
    async def VALIDATE_INPUTS(cls, input_types):
        return input_types["value"] in ("INT", "IMAGE") or "It takes numbers and pictures."

    RETURN_TYPES = ("STRING",)
    FUNCTION = "name"
    CATEGORY = "pack"

    def name(self, value):
        return (type(value).__name__,)


class Watching:
    runs = 0

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"mode": (["file", "always"],)}, "hidden": {"node": "UNIQUE_ID"}}

    @classmethod
    def IS_CHANGED(cls, mode, node):
        if mode == "always":
            return float("nan")
        with open(folder_paths.get_annotated_filepath("watched.txt")) as file:  # noqa: PTH123 (as packs do)
            return file.read()

    RETURN_TYPES = ("INT",)
    FUNCTION = "count"
    CATEGORY = "pack"

    def count(self, mode, node):
        Watching.runs += 1
        return (Watching.runs,)


class Many:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"joiner": ("STRING", {"default": "+"})}, "optional": AnyName(ANY)}

    RETURN_TYPES = ("STRING",)
    FUNCTION = "join"
    CATEGORY = "pack"

    def join(self, joiner, **values):
        return (joiner.join(f"{name}={value}" for name, value in sorted(values.items())),)


class Coloured:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"colour": ("PACK_COLOUR", {"default": "#ff0000"})}}

    RETURN_TYPES = ("STRING",)
    FUNCTION = "name"
    CATEGORY = "pack"

    def name(self, colour):
        return (colour,)


class Listed:
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "checkpoint": (folder_paths.get_filename_list("checkpoints"),),
                "words": (folder_paths.get_filename_list("pack_words"),),
                "picture": (["cat.png"], {"image_upload": True}),
            }
        }

    RETURN_TYPES = ("STRING", "STRING", "STRING")
    FUNCTION = "find"
    CATEGORY = "pack"

    def find(self, checkpoint, words, picture):
        return (
            folder_paths.get_full_path("checkpoints", checkpoint),
            folder_paths.get_full_path_or_raise("pack_words", words),
            folder_paths.get_annotated_filepath(picture),
        )


INPUTS = {
    "PackWords": Words,
    "PackHidden": Hidden,
    "PackShow": Show,
    "PackEven": Even,
    "PackTyped": Typed,
    "PackWatching": Watching,
    "PackMany": Many,
    "PackColoured": Coloured,
    "PackListed": Listed,
}
