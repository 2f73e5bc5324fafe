# mypy: ignore-errors
"""Pictures, latents and prompts, and the modules of the program that packs import."""

import os

import comfy.model_management as management
import comfy.sample
import comfy.samplers
import comfy.sd
import comfy.utils
import folder_paths
import node_helpers
import numpy as np
from comfy.cli_args import args
from PIL import Image, ImageOps

import nodes
from server import PromptServer

DEVICE = management.get_torch_device()


@PromptServer.instance.routes.get("/pack/hello")
def hello(request):
    return request


class Half:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"image": ("IMAGE",), "mask": ("MASK",)}, "optional": {"clip": ("CLIP",)}}

    RETURN_TYPES = ("IMAGE", "MASK")
    FUNCTION = "halve"
    CATEGORY = "pack/pictures"

    def halve(self, image, mask, clip=None):
        height, width = image.shape[1] // 2, image.shape[2] // 2
        small = comfy.utils.common_upscale(image.movedim(-1, 1), width, height, "area", "disabled").movedim(1, -1)
        PromptServer.instance.send_sync("pack.halved", {"width": width})
        return (small.to(DEVICE).to(management.intermediate_device()), 1 - mask)


class Changed:
    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"latent": ("LATENT",), "positive": ("CONDITIONING",)}}

    RETURN_TYPES = ("LATENT", "CONDITIONING", "STRING")
    FUNCTION = "change"
    CATEGORY = "pack/pictures"

    def change(self, latent, positive):
        latent = {**latent, "samples": latent["samples"] + 1, "batch_index": [4]}
        seen = f"{sorted(key for key in positive[0][1] if key != 'safelight')}"
        positive = [[words * 0, {**options, "strength": 0.25}] for words, options in positive]
        positive = node_helpers.conditioning_set_values(positive, {"start_percent": 0.5, "area": (8, 8, 0, 0)})
        return (latent, positive, seen)


class Sampled:
    @classmethod
    def INPUT_TYPES(cls):
        return {
            "required": {
                "name": (folder_paths.get_filename_list("checkpoints"),),
                "sampler": (comfy.samplers.SAMPLER_NAMES,),
                "scheduler": (comfy.samplers.KSampler.SCHEDULERS,),
                "seed": ("INT", {"default": 0}),
            }
        }

    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "sample"
    CATEGORY = "pack/pictures"

    def sample(self, name, sampler, scheduler, seed):
        path = folder_paths.get_full_path_or_raise("checkpoints", name)
        model, clip, vae, _ = comfy.sd.load_checkpoint_guess_config(path, embedding_directory=None)
        encode = nodes.NODE_CLASS_MAPPINGS["CLIPTextEncode"]()
        (positive,) = encode.encode(clip, "a picture of a cat")
        words, pooled = clip.encode_from_tokens(clip.tokenize("a picture of a cat"), return_pooled=True)
        assert (words == positive[0][0]).all()
        positive = [[words, {"pooled_output": pooled}]]
        (negative,) = encode.encode(clip=clip, text="")
        (latent,) = nodes.EmptyLatentImage().generate(64, 64, 1)
        (latent,) = nodes.common_ksampler(
            model, seed, 2, 5.0, sampler, scheduler, positive, negative, latent, denoise=1.0
        )
        management.throw_exception_if_processing_interrupted()
        return nodes.VAEDecode().decode(vae, latent)


class Saved(nodes.SaveImage):
    CATEGORY = "pack/pictures"

    def save_images(self, images, filename_prefix="Pack", prompt=None, extra_pnginfo=None):
        self.prefix_append = "_own"
        return super().save_images(images, filename_prefix, prompt, extra_pnginfo)


class Written:
    OUTPUT_NODE = True

    @classmethod
    def INPUT_TYPES(cls):
        return {"required": {"images": ("IMAGE",), "prefix": ("STRING", {"default": "sub/written"})}}

    RETURN_TYPES = ("IMAGE", "STRING")
    FUNCTION = "write"
    CATEGORY = "pack/pictures"

    def write(self, images, prefix):
        top = folder_paths.get_output_directory()
        height, width = images[0].shape[:2]
        folder, name, counter, subfolder, _ = folder_paths.get_save_image_path(prefix, top, width, height)
        shown = []
        for image in images:
            file = f"{name}_{counter:05}_.png"
            picture = Image.fromarray(np.clip(255.0 * image.cpu().numpy(), 0, 255).astype(np.uint8))
            node_helpers.pillow(ImageOps.exif_transpose, picture).save(os.path.join(folder, file))  # noqa: PTH118
            shown.append({"filename": file, "subfolder": subfolder, "type": "output"})
            counter += 1
        assert not args.disable_metadata
        return {"ui": {"images": shown}, "result": (images, subfolder)}


PICTURES = {
    "PackHalf": Half,
    "PackChanged": Changed,
    "PackSampled": Sampled,
    "PackSaved": Saved,
    "PackWritten": Written,
}
