"""The same networks as other people built and filled them: diffusers with its own conversion, and transformers."""

from collections.abc import Mapping
from typing import Any, cast

import torch
from diffusers.loaders.single_file_utils import convert_ldm_unet_checkpoint, convert_ldm_vae_checkpoint
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModelWithProjection

from safelight.families.shapes import TextShape, UNetShape, VaeShape
from tests import tiny

Tensors = Mapping[str, Tensor]


def reference_unet(shape: UNetShape, checkpoint: Tensors) -> nn.Module:
    """diffusers' denoiser with the numbers of a checkpoint in the LDM layout, in fp32."""
    network: Any = tiny.diffusers_unet(shape)
    network.load_state_dict(convert_ldm_unet_checkpoint(_fp32(checkpoint), dict(network.config)))
    return cast(nn.Module, network.eval().requires_grad_(False))


def reference_eps(unet: nn.Module, x: Tensor, timestep: Tensor, context: Tensor, label: Tensor | None) -> Tensor:
    """What diffusers' denoiser predicts; `label` is taken apart into what SDXL's wants: pooled text and numbers."""
    added = None
    if label is not None and not label.is_floating_point():
        return cast(Tensor, unet(x, timestep, context, class_labels=label).sample)
    if label is not None:
        pooled, sizes = label[:, : tiny.CLIP_G.width], label[:, tiny.CLIP_G.width :]
        added = {"text_embeds": pooled, "time_ids": NUMBERS[: sizes.shape[1] // 256].expand(len(x), -1)}
    output: Tensor = unet(x, timestep, context, added_cond_kwargs=added).sample
    return output


NUMBERS = torch.tensor([96.0, 64.0, 0.0, 8.0, 96.0, 64.0])
"""Sizes and crops that the tests put into SDXL's label."""


class ReferenceVae:
    """diffusers' image autoencoder with the numbers of a checkpoint in the LDM layout, in fp32."""

    def __init__(self, checkpoint: Tensors, shape: VaeShape = tiny.VAE) -> None:
        network: Any = tiny.diffusers_vae(shape)
        network.load_state_dict(convert_ldm_vae_checkpoint(_fp32(checkpoint), dict(network.config)))
        self.network = network.eval().requires_grad_(False)

    def decode(self, latent: Tensor) -> Tensor:
        picture: Tensor = self.network.decode(latent).sample
        return picture

    def encode_mean(self, image: Tensor) -> Tensor:
        mean: Tensor = self.network.encode(image).latent_dist.mean
        return mean


def reference_tower(shape: TextShape, tensors: Tensors) -> nn.Module:
    """transformers' text tower; `tensors` have the names of either layout, without a prefix."""
    config = CLIPTextConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        intermediate_size=shape.intermediate,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        max_position_embeddings=shape.positions,
        hidden_act=shape.activation,
        projection_dim=shape.projection or shape.width,
        eos_token_id=49407,
    )
    network: nn.Module = CLIPTextModelWithProjection(config)
    names = dict(_fp32(tensors))
    if "positional_embedding" in names:
        names = _from_openclip(names)
    if shape.projection is None:
        names["text_projection.weight"] = torch.eye(shape.width)
    inner = {f"text_model.{name}": tensor for name, tensor in names.items() if name != "text_projection.weight"}
    network.load_state_dict(inner | {"text_projection.weight": names["text_projection.weight"]}, strict=True)
    return network.eval().requires_grad_(False)


def _from_openclip(stored: Tensors) -> dict[str, Tensor]:
    names = {
        "embeddings.token_embedding.weight": stored["token_embedding.weight"],
        "embeddings.position_embedding.weight": stored["positional_embedding"],
        "final_layer_norm.weight": stored["ln_final.weight"],
        "final_layer_norm.bias": stored["ln_final.bias"],
        "text_projection.weight": stored["text_projection"].T,
    }
    maps = {"ln_1": "layer_norm1", "ln_2": "layer_norm2", "mlp.c_fc": "mlp.fc1", "mlp.c_proj": "mlp.fc2"}
    maps["attn.out_proj"] = "self_attn.out_proj"
    for name, tensor in stored.items():
        _, _, rest = name.partition("transformer.resblocks.")
        index, _, inner = rest.partition(".")
        if "in_proj" in inner:
            for part, rows in zip("qkv", tensor.chunk(3), strict=True):
                leaf = inner.removeprefix("attn.in_proj_")
                names[f"encoder.layers.{index}.self_attn.{part}_proj.{leaf}"] = rows
        elif inner:
            module, _, leaf = inner.rpartition(".")
            names[f"encoder.layers.{index}.{maps[module]}.{leaf}"] = tensor
    return names


def _fp32(tensors: Tensors) -> dict[str, Tensor]:
    return {name: tensor.float() for name, tensor in tensors.items() if not name.endswith(("position_ids", "scale"))}
