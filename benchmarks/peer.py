"""The peer: diffusers' own pipeline, loaded its own way from the same file, without the hub."""

import json
from collections.abc import Callable, Mapping
from importlib.resources import files
from pathlib import Path

import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionPipeline
from diffusers.utils import logging as diffusers_logging
from PIL.Image import Image
from transformers import CLIPTokenizer
from transformers.convert_slow_tokenizer import bytes_to_unicode

from benchmarks.pictures import Maker, Order
from safelight.families.detect import identify
from safelight.families.shapes import FileContents, TextShape, UNetShape, VaeShape
from safelight.files.header import read_header

COMPONENTS = {
    "unet": ("diffusers", "UNet2DConditionModel"),
    "vae": ("diffusers", "AutoencoderKL"),
    "text_encoder": ("transformers", "CLIPTextModel"),
    "tokenizer": ("transformers", "CLIPTokenizer"),
    "scheduler": ("diffusers", "EulerDiscreteScheduler"),
    "safety_checker": (None, None),
    "feature_extractor": (None, None),
}
BETAS = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000}


def peer_maker(pipeline: StableDiffusionPipeline) -> Maker:
    """Makes pictures with the pipeline."""

    def make(order: Order, on_step: Callable[[], None]) -> Image:
        def told(_pipeline: object, _index: int, _timestep: object, kept: dict[str, object]) -> dict[str, object]:
            on_step()
            return kept

        made: Image = pipeline(
            order.prompt,
            negative_prompt=order.negative,
            height=order.size,
            width=order.size,
            num_inference_steps=order.steps,
            guidance_scale=order.cfg,
            generator=torch.Generator().manual_seed(order.seed),
            callback_on_step_end=told,
            callback_on_step_end_tensor_inputs=[],
        ).images[0]
        return made

    return make


def load_peer(checkpoint: Path, folder: Path) -> StableDiffusionPipeline:
    """The pipeline for an SD 1.x file, in fp32 on the CPU.

    Args:
        checkpoint: A single file in the LDM layout.
        folder: Empty; the configuration that `from_single_file` would download from the hub is put there.
    """
    diffusers_logging.set_verbosity_error()
    diffusers_logging.disable_progress_bar()
    write_configuration(identify(read_header(checkpoint)), folder)
    pipeline = StableDiffusionPipeline.from_single_file(
        str(checkpoint), config=str(folder), local_files_only=True, safety_checker=None, feature_extractor=None
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def write_configuration(contents: FileContents, folder: Path) -> None:
    """Write the folder of JSON files that describes a whole SD 1.x checkpoint to diffusers."""
    assert contents.unet is not None
    assert contents.vae is not None
    _write(folder / "model_index.json", {"_class_name": "StableDiffusionPipeline", **COMPONENTS})
    _write(folder / "unet" / "config.json", _unet(contents.unet.shape))
    _write(folder / "vae" / "config.json", _vae(contents.vae.shape))
    _write(folder / "text_encoder" / "config.json", _text(contents.text[0].shape))
    EulerDiscreteScheduler(**BETAS, steps_offset=1).save_pretrained(folder / "scheduler")
    _tokenizer().save_pretrained(folder / "tokenizer")


def _unet(shape: UNetShape) -> Mapping[str, object]:
    attends = [depth > 0 for depth in shape.transformer_depth]
    return {
        "_class_name": "UNet2DConditionModel",
        "in_channels": shape.in_channels,
        "out_channels": shape.out_channels,
        "block_out_channels": shape.block_channels,
        "layers_per_block": shape.layers_per_block,
        "down_block_types": ["CrossAttnDownBlock2D" if here else "DownBlock2D" for here in attends],
        "up_block_types": ["CrossAttnUpBlock2D" if here else "UpBlock2D" for here in reversed(attends)],
        "cross_attention_dim": shape.context_width,
        "attention_head_dim": shape.heads[0],
    }


def _vae(shape: VaeShape) -> Mapping[str, object]:
    levels = len(shape.block_channels)
    return {
        "_class_name": "AutoencoderKL",
        "block_out_channels": shape.block_channels,
        "layers_per_block": shape.layers_per_block,
        "latent_channels": shape.latent_channels,
        "down_block_types": ["DownEncoderBlock2D"] * levels,
        "up_block_types": ["UpDecoderBlock2D"] * levels,
    }


def _text(shape: TextShape) -> Mapping[str, object]:
    return {
        "architectures": ["CLIPTextModel"],
        "model_type": "clip_text_model",
        "vocab_size": shape.vocabulary,
        "hidden_size": shape.width,
        "intermediate_size": shape.intermediate,
        "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads,
        "max_position_embeddings": shape.positions,
        "hidden_act": shape.activation,
        "projection_dim": shape.width,
        "bos_token_id": 49406,
        "eos_token_id": 49407,
    }


def _tokenizer() -> CLIPTokenizer:
    """CLIP's, from the merge table: it knows all bytes, all bytes that end a word, the merges and two marks."""
    lines = (files("safelight.prompts") / "vocabulary" / "merges.txt").read_text(encoding="utf-8").splitlines()[1:]
    letters = list(bytes_to_unicode().values())
    words = letters + [letter + "</w>" for letter in letters] + [line.replace(" ", "") for line in lines]
    words += ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(
        vocab={word: number for number, word in enumerate(words)},
        merges=[tuple(line.split(" ")) for line in lines],
        model_max_length=77,
    )


def _write(path: Path, content: Mapping[str, object]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
