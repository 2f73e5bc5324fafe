"""The classes of `nodes` that packs inherit from, with the attributes and methods that they change and call."""

import secrets
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from torch import Tensor

from safelight.files.naming import BATCH_NUMBER, write_again, write_numbered
from safelight.files.pictures import write_png
from safelight.nodes.saving import kept_texts, to_pixels
from safelight.plugins.comfy.folder_paths import FolderPaths
from safelight.plugins.comfy.live import current_run


def saving_classes(paths: FolderPaths) -> dict[str, type]:
    """`SaveImage` and `PreviewImage`."""

    class SaveImage:
        """Saves pictures as PNG, with the workflow inside."""

        RETURN_TYPES: ClassVar[tuple[str, ...]] = ()
        FUNCTION = "save_images"
        OUTPUT_NODE = True
        CATEGORY = "image"

        def __init__(self) -> None:
            self.output_dir = paths.get_output_directory()
            self.type = "output"
            self.prefix_append = ""
            self.compress_level = 4

        @classmethod
        def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802 (the name that packs know)
            return {
                "required": {"images": ("IMAGE",), "filename_prefix": ("STRING", {"default": "ComfyUI"})},
                "hidden": {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"},
            }

        def save_images(
            self,
            images: Tensor,
            filename_prefix: str = "ComfyUI",
            prompt: object = None,
            extra_pnginfo: object = None,
        ) -> dict[str, Any]:
            """Save [B, H, W, C] in 0..1; what is kept inside is the running job's, whatever is handed in."""
            del prompt, extra_pnginfo
            run = current_run()
            texts = kept_texts(run)
            shown = []
            height, width = images[0].shape[:2]
            prefix = filename_prefix + self.prefix_append
            folder, name, counter, subfolder, _ = paths.get_save_image_path(prefix, self.output_dir, width, height)
            for number, image in enumerate(images):
                pixels = to_pixels(image, run).numpy()
                write = partial(write_png, pixels=pixels, text=texts, compress_level=self.compress_level)
                claim = run.claim()
                if claim.earlier is not None:
                    path = claim.earlier
                    write_again(path, write, claim)
                else:
                    stem = name.replace(BATCH_NUMBER, str(number))
                    path, counter = write_numbered(Path(folder), stem, ".png", counter, write, claim)
                    counter += 1
                shown.append({"filename": path.name, "subfolder": subfolder, "type": self.type})
            return {"ui": {"images": shown}}

    class PreviewImage(SaveImage):
        """Shows pictures without keeping them."""

        def __init__(self) -> None:
            super().__init__()
            self.output_dir = paths.get_temp_directory()
            self.type = "temp"
            self.prefix_append = f"_temp_{secrets.token_hex(4)}"
            self.compress_level = 1

        @classmethod
        def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
            return {
                "required": {"images": ("IMAGE",)},
                "hidden": {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"},
            }

    return {"SaveImage": SaveImage, "PreviewImage": PreviewImage}
