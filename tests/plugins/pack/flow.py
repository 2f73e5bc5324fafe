# mypy: ignore-errors
"""How values flow: lists, lazy inputs, nodes that expand, blockers, `async`, sockets that take anything."""

import asyncio

import comfy.model_management
from comfy.utils import ProgressBar
from comfy_execution.graph import ExecutionBlocker
from comfy_execution.graph_utils import GraphBuilder, is_link

from .inputs import ANY


class Split:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"text": ("STRING", {"default": "a b c"})}}

    RETURN_TYPES = ("STRING", "INT")
    OUTPUT_IS_LIST = (True, False)
    FUNCTION = "split"
    CATEGORY = "pack/flow"

    def split(self, text):
        return (text.split(), len(text.split()))


class Count:
    INPUT_IS_LIST = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"texts": ("STRING", {"forceInput": True})}, "hidden": {"node": "UNIQUE_ID"}}

    RETURN_TYPES = ("STRING",)
    FUNCTION = "count"
    CATEGORY = "pack/flow"

    def count(self, texts, node):
        return (f"{len(texts)} in node {node[0]}",)


class Pick:
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {"first": ("BOOLEAN", {}), "a": (ANY, {"lazy": True}), "b": (ANY, {"lazy": True})},
            "hidden": {"node": "UNIQUE_ID"},
        }

    RETURN_TYPES = (ANY,)
    FUNCTION = "pick"
    CATEGORY = "pack/flow"

    def check_lazy_status(self, first, a, b, node):
        wanted = "a" if first else "b"
        return [wanted] if {"a": a, "b": b}[wanted] is None else []

    def pick(self, first, a, b, node):
        return (a if first else b,)


class Fail:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    RETURN_TYPES = ("STRING",)
    FUNCTION = "fail"
    CATEGORY = "pack/flow"

    def fail(self):
        raise ValueError("this should not have been run")


class Grow:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"image": ("IMAGE",), "latent": ("LATENT",), "times": ("INT", {"default": 2})}}

    RETURN_TYPES = ("IMAGE", "LATENT", "INT")
    FUNCTION = "grow"
    CATEGORY = "pack/flow"

    def grow(self, image, latent, times):
        graph = GraphBuilder()
        last = graph.node("ImageInvert", image=image)
        for _ in range(times - 1):
            last = graph.node("ImageInvert", image=last.out(0))
        twice = graph.node("LatentUpscaleBy", id="twice", upscale_method="nearest-exact", samples=latent)
        twice.set_input("scale_by", 2.0)
        assert is_link(last.out(0))
        assert graph.lookup_node("twice") is twice
        return {"result": (last.out(0), twice.out(0), times), "expand": graph.finalize()}


class Gate:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": (ANY,), "open": ("BOOLEAN", {}), "message": ("STRING", {"default": ""})}}

    RETURN_TYPES = (ANY, "STRING")
    FUNCTION = "pass_on"
    CATEGORY = "pack/flow"

    def pass_on(self, value, open, message):
        return (value if open else ExecutionBlocker(message or None), "told anyway")


class Wait:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"value": ("INT", {"default": 3})}, "hidden": {"node": "UNIQUE_ID"}}

    RETURN_TYPES = ("STRING",)
    FUNCTION = "wait"
    CATEGORY = "pack/flow"

    async def wait(self, value, node):
        bar = ProgressBar(value)
        for _ in range(value):
            await asyncio.sleep(0)
            bar.update(1)
        return (f"waited in {node}",)


class Stop:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {}}

    RETURN_TYPES = ("STRING",)
    FUNCTION = "stop"
    CATEGORY = "pack/flow"

    def stop(self):
        comfy.model_management.interrupt_current_processing()
        try:
            comfy.model_management.throw_exception_if_processing_interrupted()
        except comfy.model_management.InterruptProcessingException:
            return ("not to be seen",)
        raise AssertionError("it was interrupted")


FLOW = {
    "PackSplit": Split,
    "PackCount": Count,
    "PackPick": Pick,
    "PackFail": Fail,
    "PackGrow": Grow,
    "PackGate": Gate,
    "PackWait": Wait,
    "PackStop": Stop,
}
