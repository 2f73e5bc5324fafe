# mypy: ignore-errors
"""A node pack as people write them for ComfyUI; between its files it uses every part of that interface."""

from .flow import FLOW
from .inputs import INPUTS
from .pictures import PICTURES

NODE_CLASS_MAPPINGS = {**INPUTS, **FLOW, **PICTURES}
NODE_DISPLAY_NAME_MAPPINGS = {"PackWords": "Words of the Pack"}
WEB_DIRECTORY = "./web"

print("the pack says hello, as many do")
