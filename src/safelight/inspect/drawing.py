"""Results drawn with matplotlib, for notebooks and print. It is an extra: `pip install 'safelight[plots]'`.

Each function takes a result and gives a `Figure`, which a notebook shows as it is and `savefig` writes to a file.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from safelight.errors import SafelightError
from safelight.families.anatomy import Piece
from safelight.inspect.arrays import Array
from safelight.inspect.checkpoint import Comparison, LoraReport
from safelight.inspect.forward import ForwardDiffusion
from safelight.inspect.latents import Channels, Reconstruction
from safelight.inspect.maps import PlaneMap
from safelight.inspect.plan import Plan
from safelight.inspect.recording import Recording

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INCHES_A_PICTURE = 1.6
MOST_FRAMES = 10
"""Steps that a film strip has room for; of more, even ones are taken."""
LARGE_ERROR = 0.25

Box = tuple[float, float, float, float]
"""Left, bottom, width and height."""


def draw_plan(plan: Plan) -> "Figure":
    """Noise over the steps on a scale of logarithms, the other schedulers beside it, and a mark at each call."""
    figure, (axes,) = _figure(1, 1, (7, 4))
    for name, sigmas in plan.others.items():
        axes.plot(np.arange(len(sigmas)), np.where(sigmas > 0, sigmas, np.nan), linewidth=0.8, alpha=0.6, label=name)
    levels = np.where(plan.sigmas > 0, plan.sigmas, np.nan)
    axes.plot(np.arange(len(levels)), levels, color="black", linewidth=2, label=plan.scheduler)
    axes.plot(_call_places(plan), plan.calls, "o", color="tab:red", markersize=4, label="call of the model")
    axes.set(yscale="log", xlabel="step", ylabel="noise level (sigma)")
    axes.set_title(f"{plan.sampler}, {plan.scheduler}: {len(plan.calls)} calls of the model")
    axes.legend(fontsize="small")
    return figure


def draw_channels(channels: Channels) -> "Figure":
    """Each channel of a latent as a grey picture, with its range."""
    figure, all_axes = _figure(1, len(channels.pictures))
    for number, (axes, picture) in enumerate(zip(all_axes, channels.pictures, strict=True)):
        _show(axes, picture, f"channel {number}\n{channels.low[number]:.2f} … {channels.high[number]:.2f}", cmap="gray")
    return figure


def draw_reconstruction(result: Reconstruction) -> "Figure":
    """A picture, what the VAE makes of it, and the error."""
    figure, (picture, back, error) = _figure(1, 3, (9, 3.4))
    _show(picture, result.picture, f"{result.numbers_in:,} numbers")
    _show(back, result.reconstruction, f"back from {result.numbers_out:,}: {result.psnr:.1f} dB")
    _show(error, result.error, f"error, at most {result.max_error:.0%}", cmap="inferno", vmin=0, vmax=LARGE_ERROR)
    return figure


def draw_forward(result: ForwardDiffusion, colours: Callable[[Array], Array] | None = None) -> "Figure":
    """What the network is shown at each level of noise, what it finds in it, and by how much it errs.

    Args:
        result: The result.
        colours: A latent [C, h, w] -> a picture [h, w, 3] in 0..1; None draws the first channel.
    """
    levels = len(result.shares)
    figure = _empty((max(INCHES_A_PICTURE * levels, 5), 8))
    films, errors = figure.subfigures(2, 1, squeeze=False, height_ratios=(3, 1.4))[:, 0]
    strips = films.subplots(3, levels, squeeze=False)
    rows = (("shown", result.noisy), ("noise found", result.predicted), ("estimate", result.estimates))
    for strip, (name, latents) in zip(strips, rows, strict=True):
        for axes, latent, sigma in zip(strip, latents, result.sigmas, strict=True):
            _show_latent(axes, latent, f"{name}\nsigma {sigma:.2g}", colours)
    axes = errors.subplots()
    axes.plot(result.shares, result.noise_errors, "o-", label="of the noise")
    axes.plot(result.shares, result.estimate_errors, "s-", label="of the estimate")
    axes.set(xlabel="share of noise", ylabel="error (RMS)", ylim=(0, None))
    axes.legend(fontsize="small")
    return figure


def draw_map(result: PlaneMap, names: Sequence[str] = ()) -> "Figure":
    """Points on a plane; on the axes, how much of all differences lies along them."""
    figure, (axes,) = _figure(1, 1, (6, 6))
    axes.scatter(result.points[:, 0], result.points[:, 1])
    for name, (x, y) in zip(names, result.points, strict=bool(names)):
        axes.annotate(name, (x, y), xytext=(4, 4), textcoords="offset points", fontsize="small")
    if len(result.explained):
        axes.set(xlabel=f"{result.explained[0]:.0%} of the variance", ylabel=f"{result.explained[1]:.0%}")
    axes.set_aspect("equal", adjustable="datalim")
    return figure


def draw_anatomy(parts: Sequence[Piece], depth: int = 3) -> "Figure":
    """A file as a treemap: each area is as large as the number of parameters in it.

    Args:
        parts: What `anatomy` found.
        depth: How many levels of blocks are drawn inside of each other.
    """
    import matplotlib as mpl  # noqa: PLC0415 (an extra)
    from matplotlib.patches import Rectangle  # noqa: PLC0415

    figure, (axes,) = _figure(1, 1, (10, 6))
    palette = mpl.colormaps["tab10"]

    def put(pieces: Sequence[Piece], box: Box, level: int, colour: object) -> None:
        chosen = sorted((piece for piece in pieces if piece.parameters), key=lambda piece: -piece.parameters)
        for place, (piece, area) in enumerate(
            zip(chosen, squarified([p.parameters for p in chosen], box), strict=True)
        ):
            shade = palette(place % 10) if level == 0 else colour
            x, y, width, height = area
            alpha = min(0.25 + 0.15 * level, 0.9)
            axes.add_patch(Rectangle((x, y), width, height, facecolor=shade, alpha=alpha, edgecolor="white"))
            if piece.pieces and level + 1 < depth:
                put(piece.pieces, area, level + 1, shade)
            elif width > 0.08 and height > 0.04:
                axes.text(x + width / 2, y + height / 2, piece.name, ha="center", va="center", fontsize=7, clip_on=True)
            if level == 0 and height > 0.04:
                label = f"{piece.name}, {piece.parameters / 1e6:,.1f} million"
                axes.text(x + 0.005, y + height - 0.005, label, va="top", fontsize=9, weight="bold", clip_on=True)

    put(parts, (0, 0, 1, 1), 0, None)
    axes.set(xlim=(0, 1), ylim=(0, 1))
    axes.axis("off")
    return figure


def draw_comparison(result: Comparison) -> "Figure":
    """How far each layer of two checkpoints differs, in their order, in a colour for each part."""
    figure, (axes,) = _figure(1, 1, (9, 4))
    places = np.arange(len(result.names))
    for part in dict.fromkeys(result.parts):
        chosen = np.array([each == part for each in result.parts])
        axes.bar(places[chosen], np.where(np.isfinite(result.relative), result.relative, 0)[chosen], 1.0, label=part)
    axes.set(xlabel="layer", ylabel="relative difference")
    axes.legend(fontsize="small")
    return figure


def draw_lora(result: LoraReport) -> "Figure":
    """How strongly a LoRA changes each weight: as a share of it, or where no model was given, by its length."""
    figure, (axes,) = _figure(1, 1, (9, 4))
    alone = bool(np.isnan(result.relative).all())
    values = np.nan_to_num(result.norms if alone else result.relative, posinf=0.0)
    places = np.arange(len(result.names))
    for part in dict.fromkeys(result.parts):
        chosen = np.array([each == part for each in result.parts])
        axes.bar(places[chosen], values[chosen], 1.0, label=part)
    axes.set(xlabel="weight", ylabel="length of the change" if alone else "change as a share of the weight")
    axes.legend(fontsize="small")
    axes.set_title(result.title)
    return figure


def draw_recording(recording: Recording, picture: int = 0) -> "Figure":
    """A run as a film strip: the noisy latent, the estimate of the clean one, and what guidance added.

    Args:
        recording: The run.
        picture: Which of its batch.
    """
    head = recording.head
    factors, bias = np.array(head.rgb_factors), np.array(head.rgb_bias)

    def colours(latent: Array) -> Array:
        mixed = np.einsum("chw,cr->hwr", latent.astype(np.float32), factors) + bias
        return np.asarray(((mixed + 1) / 2).clip(0, 1))

    steps = len(recording.step_sigmas)
    chosen = np.unique(np.linspace(0, steps - 1, min(steps, MOST_FRAMES)).round().astype(int))
    rows = [("noisy", recording.noisy), ("estimate", recording.denoised)]
    if recording.guidance.ndim > 1:
        rows.append(("guidance", recording.guidance))
    figure, all_axes = _figure(len(rows), len(chosen))
    for row, (name, latents) in enumerate(rows):
        for column, step in enumerate(chosen):
            latent, sigma = latents[step, picture], recording.step_sigmas[step]
            if name == "noisy":  # at the variance that the network is shown
                latent = latent if head.flow else latent / np.sqrt(1 + sigma**2)
            title = f"step {step + 1}\nsigma {sigma:.2g}" if row == 0 else name if column == 0 else ""
            _show_latent(all_axes[row * len(chosen) + column], latent, title, colours)
    return figure


def squarified(sizes: Sequence[float], box: Box) -> list[Box]:
    """Cut a box into areas of given sizes, each as nearly square as the ones before allow.

    Args:
        sizes: Above 0, the largest first.
        box: What is filled.

    Source: Bruls, Huizing & van Wijk 2000, "Squarified treemaps", section 3.
    """
    x, y, width, height = box
    total = sum(sizes)
    areas = [size * width * height / total for size in sizes] if total else []
    found: list[Box] = []
    while areas:
        short = min(width, height)
        count = 1
        while count < len(areas) and _worst(areas[: count + 1], short) <= _worst(areas[:count], short):
            count += 1
        row, areas = areas[:count], areas[count:]
        thick = sum(row) / short if short else 0.0
        along = 0.0
        for area in row:
            length = area / thick if thick else 0.0
            found.append((x, y + along, thick, length) if width >= height else (x + along, y, length, thick))
            along += length
        x, y, width, height = (
            (x + thick, y, width - thick, height) if width >= height else (x, y + thick, width, height - thick)
        )
    return found


def _worst(row: Sequence[float], short: float) -> float:
    """How far from a square the worst of a row along the short side is."""
    total = sum(row)
    return max(max(short**2 * area / total**2, total**2 / (short**2 * area)) for area in row)


def _call_places(plan: Plan) -> Array:
    """Where over the steps each call stands: those of one step are spread over it."""
    counts = np.bincount(plan.call_steps, minlength=1)
    wide = max(len(plan.sigmas) - 1, 1) / max(len(plan.steps), 1)
    part = [int((plan.call_steps[:place] == step).sum()) for place, step in enumerate(plan.call_steps)]
    return (plan.call_steps + np.array(part) / counts[plan.call_steps]) * wide if part else np.zeros(0)


def _show_latent(axes: "Axes", latent: Array, title: str, colours: Callable[[Array], Array] | None) -> None:
    if colours is None:
        _show(axes, latent[0].astype(np.float32), title, cmap="gray")
    else:
        _show(axes, colours(latent), title)


def _show(
    axes: "Axes",
    picture: Array,
    title: str,
    cmap: str | None = None,
    vmin: float | None = None,
    vmax: float | None = None,
) -> None:
    axes.imshow(picture, cmap=cmap, vmin=vmin, vmax=vmax, interpolation="nearest")
    axes.set_title(title, fontsize="small")
    axes.axis("off")


def _figure(rows: int, columns: int, size: tuple[float, float] | None = None) -> "tuple[Figure, list[Axes]]":
    """A figure with its axes row by row."""
    figure = _empty(size or (INCHES_A_PICTURE * columns, (INCHES_A_PICTURE + 0.5) * rows))
    return figure, list(figure.subplots(rows, columns, squeeze=False).flat)


def _empty(size: tuple[float, float]) -> "Figure":
    """A figure of so many inches, which belongs to nobody else.

    Raises:
        SafelightError: matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415 (an extra, and slow to import)
    except ImportError as error:
        raise SafelightError(
            "Drawing needs the library matplotlib, which is not installed.",
            mend="Run `pip install 'safelight[plots]'`.",
        ) from error
    return Figure(figsize=size, layout="constrained")
