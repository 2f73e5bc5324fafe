"""Our nodes as classes that packs can ask for inputs and call, as they do with ComfyUI's own."""

from collections.abc import Mapping, Sequence
from typing import Any

from safelight.graph.catalog import InputSpec
from safelight.graph.node import AnyNode
from safelight.graph.results import Expansion
from safelight.plugins.comfy.host import Host
from safelight.plugins.comfy.live import current_run
from safelight.plugins.comfy.values import from_pack, to_pack

METHODS = {
    "CLIPLoader": "load_clip",
    "CLIPSetLastLayer": "set_last_layer",
    "CLIPTextEncode": "encode",
    "CLIPVisionEncode": "encode",
    "CLIPVisionLoader": "load_clip",
    "CheckpointLoaderSimple": "load_checkpoint",
    "ConditioningAverage": "addWeighted",
    "ConditioningCombine": "combine",
    "ConditioningConcat": "concat",
    "ConditioningSetArea": "append",
    "ConditioningSetAreaPercentage": "append",
    "ConditioningSetMask": "append",
    "ConditioningSetTimestepRange": "set_range",
    "ConditioningZeroOut": "zero_out",
    "ControlNetApply": "apply_controlnet",
    "ControlNetApplyAdvanced": "apply_controlnet",
    "ControlNetLoader": "load_controlnet",
    "DualCLIPLoader": "load_clip",
    "EmptyImage": "generate",
    "EmptyLatentImage": "generate",
    "ImageBatch": "batch",
    "ImageInvert": "invert",
    "ImagePadForOutpaint": "expand_image",
    "ImageScale": "upscale",
    "ImageScaleBy": "upscale",
    "ImageUpscaleWithModel": "upscale",
    "InpaintModelConditioning": "encode",
    "KSampler": "sample",
    "KSamplerAdvanced": "sample",
    "LatentFromBatch": "frombatch",
    "LatentUpscale": "upscale",
    "LatentUpscaleBy": "upscale",
    "LoadImage": "load_image",
    "LoadImageMask": "load_image",
    "LoadLatent": "load",
    "LoraLoader": "load_lora",
    "LoraLoaderModelOnly": "load_lora_model_only",
    "RepeatLatentBatch": "repeat",
    "SaveLatent": "save",
    "SetLatentNoiseMask": "set_mask",
    "UNETLoader": "load_unet",
    "UpscaleModelLoader": "load_model",
    "VAEDecode": "decode",
    "VAEDecodeTiled": "decode",
    "VAEEncode": "encode",
    "VAEEncodeForInpaint": "encode",
    "VAEEncodeTiled": "encode",
    "VAELoader": "load_vae",
}
"""What packs call the method of a class, where they call it."""
METHOD = "execute"
"""What it is called elsewhere."""

ORDERS = {
    "CLIPTextEncode": ("clip", "text"),
    "VAEDecode": ("vae", "samples"),
    "VAEEncode": ("vae", "pixels"),
    "VAEEncodeForInpaint": ("vae", "pixels", "mask", "grow_mask_by"),
}
"""The order of a method's parameters, where it is another than that of the inputs."""


def mirror(node: AnyNode, host: Host) -> type:
    """A class that stands for a node; its method runs it within the node that calls."""
    spec = node.spec
    order = ORDERS.get(spec.class_type) or tuple(port.name for port in spec.inputs)
    types = {port.name: port.type for port in spec.inputs}

    def call(_self: object, /, *args: object, **inputs: object) -> tuple[object, ...] | dict[str, object]:
        given = {**dict(zip(order, args, strict=False)), **inputs}
        ours = {name: from_pack(types.get(name, ""), value) for name, value in given.items()}
        result = node(**ours, run=current_run()) if node.wants_run else node(**ours)
        return _result(result, len(spec.outputs))

    def input_types() -> dict[str, dict[str, tuple[object, ...]]]:
        sections: dict[str, dict[str, tuple[object, ...]]] = {"required": {}, "optional": {}}
        for port in spec.inputs:
            sections["required" if port.required else "optional"][port.name] = _entry(port, host)
        return {name: section for name, section in sections.items() if section or name == "required"}

    method = METHODS.get(spec.class_type, METHOD)
    members: dict[str, Any] = {
        "__doc__": spec.description,
        "INPUT_TYPES": staticmethod(input_types),
        "RETURN_TYPES": tuple(port.type for port in spec.outputs),
        "RETURN_NAMES": tuple(port.name for port in spec.outputs),
        "OUTPUT_IS_LIST": tuple(port.is_list for port in spec.outputs),
        "FUNCTION": method,
        "CATEGORY": spec.category,
        "DESCRIPTION": spec.description,
        "OUTPUT_NODE": spec.output_node,
        method: call,
    }
    return type(spec.class_type, (), members)


def _result(result: object, outputs: int) -> tuple[object, ...] | dict[str, object]:
    if isinstance(result, Expansion):
        return {"result": result.outputs, "expand": result.workflow}
    if outputs == 0:
        return ()
    values: Sequence[object] = result if outputs > 1 and isinstance(result, tuple) else (result,)
    return tuple(to_pack(value) for value in values)


def _entry(port: InputSpec, host: Host) -> tuple[object, ...]:
    """An input as `INPUT_TYPES` gives it."""
    options: Mapping[str, object] = {
        "default": port.default,
        "min": port.minimum,
        "max": port.maximum,
        "step": port.step,
        "round": port.round,
        "multiline": port.multiline or None,
        "dynamicPrompts": port.dynamic_prompts or None,
        "control_after_generate": port.control_after_generate or None,
        "image_upload": port.upload or None,
        "forceInput": port.force_input or None,
        "lazy": port.lazy or None,
        "tooltip": port.tooltip or None,
    }
    kind: object = port.type
    if port.choices is not None:
        kind = list(port.choices) if port.folder is None else list(host.folders.list(port.folder))
    told = {key: value for key, value in options.items() if value is not None}
    return (kind, told) if told else (kind,)
