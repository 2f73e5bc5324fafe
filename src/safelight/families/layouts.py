"""How a part's tensors are named: by what each layout can be told, and which names belong to it."""

from collections.abc import Iterable

from safelight.families.shapes import Layout, PartKind

ANCHORS: tuple[tuple[PartKind, Layout, str], ...] = (
    ("unet", "ldm", "output_blocks.0.0.emb_layers.1.weight"),
    ("unet", "diffusers", "up_blocks.0.resnets.0.time_emb_proj.weight"),
    ("vae", "ldm", "decoder.mid.block_1.conv1.weight"),
    ("vae", "diffusers", "decoder.mid_block.resnets.0.conv1.weight"),
    ("text", "transformers", "embeddings.token_embedding.weight"),
    ("text", "openclip", "ln_final.weight"),
)
"""A tensor that every network of a kind and layout has, and no other; a ControlNet, say, has no output blocks."""

ROOTS: dict[tuple[PartKind, Layout], tuple[str, ...]] = {
    ("unet", "ldm"): ("time_embed", "label_emb", "input_blocks", "middle_block", "output_blocks", "out"),
    ("unet", "diffusers"): (
        "conv_in",
        "time_embedding",
        "add_embedding",
        "class_embedding",
        "down_blocks",
        "mid_block",
        "up_blocks",
        "conv_norm_out",
        "conv_out",
    ),
    ("vae", "ldm"): ("encoder", "decoder", "quant_conv", "post_quant_conv"),
    ("vae", "diffusers"): ("encoder", "decoder", "quant_conv", "post_quant_conv"),
    ("text", "transformers"): ("text_model", "embeddings", "encoder", "final_layer_norm", "text_projection"),
    ("text", "openclip"): ("token_embedding", "positional_embedding", "transformer", "ln_final", "text_projection"),
}
"""What the names of a part begin with, after its prefix."""

_ANCHOR_NAMES = tuple(anchor for _, _, anchor in ANCHORS)
TOWER_BODY = "text_model."
UNCLIP_TOWERS = "embedder."  # CLIP's vision tower in unCLIP checkpoints, and left-overs of the text tower beside it
CONSTANT = "position_ids"  # the numbers 0 to 76, which older libraries saved


def prefixes(names: Iterable[str]) -> list[tuple[PartKind, Layout, str]]:
    """The networks in a file: kind, layout, and what the names of its tensors begin with."""
    found = []
    for name in filter(_has_anchor, names):
        if name.startswith(UNCLIP_TOWERS):
            continue
        for kind, layout, anchor in ANCHORS:
            prefix = name.removesuffix(anchor)
            if prefix != name and (not prefix or prefix.endswith(".")):
                found.append((kind, layout, prefix.removesuffix(TOWER_BODY) if kind == "text" else prefix))
    return found


def _has_anchor(name: str) -> bool:
    return name.endswith(_ANCHOR_NAMES)


def tensors_of(prefix: str, kind: PartKind, layout: Layout, names: Iterable[str]) -> dict[str, str]:
    """The tensors of one part of a file.

    Args:
        prefix: The part's, as in `Part`.
        kind: The part's.
        layout: The part's.
        names: Names of all tensors in the file.

    Returns:
        Name within the network -> name in the file. A `transformers` tower's names come without `text_model.`,
        which some files have and some have not.
    """
    found = {}
    roots = tuple(f"{prefix}{root}" for root in ROOTS[kind, layout])
    for name in names:
        if name.startswith(roots) and not name.endswith(CONSTANT):
            local = name[len(prefix) :]
            if local.split(".", 1)[0] in ROOTS[kind, layout]:
                found[local.removeprefix(TOWER_BODY) if layout == "transformers" else local] = name
    return found
