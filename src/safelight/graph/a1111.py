"""From the `parameters` text of AUTOMATIC1111 and its kin to a workflow that makes the same kind of picture.

Whatever such a text asks for and the workflow does not do is told, not passed over.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, nan

from safelight.files.recipes import named
from safelight.graph.a1111_names import IMAGE_UPSCALERS, LATENT_UPSCALERS, STAND_INS, UPSCALE_MODELS, sampling
from safelight.graph.a1111_text import ParametersText, Tag, take_tags
from safelight.graph.catalog import Catalog
from safelight.graph.document import Link, NodeCall

FileNames = Callable[[str], Sequence[str]]
"""Folder (`loras`, `vae`, …) -> the names of its files."""

OURS = ("Safelight", "ComfyUI")
"""How the version begins where prompts are read, and noise is drawn, as here."""
WEIGHTINGS = {"Original": "a1111", "No norm": "a1111_no_norm"}
"""What a weight does to a word, by the setting "Emphasis"."""
CELL = 8  # pixels: sizes are multiples of it
# fmt: off
CARRIED = frozenset(
    {
        "Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Model hash", "Model", "VAE hash", "VAE",
        "Clip skip", "Denoising strength", "Emphasis", "RNG", "Hires upscale", "Hires upscaler", "Hires resize",
        "Hires steps", "Hires sampler", "Hires schedule type", "Hires CFG Scale", "Hires prompt",
        "Hires negative prompt",
        # these say again what stands elsewhere, or nothing of the picture
        "Version", "Lora hashes", "TI hashes", "TI", "Hashes", "User", "Created Date", "Batch size", "Batch pos",
        "App", "Backend", "Civitai resources", "Civitai metadata", "Template", "Negative Template",
    }
)
# fmt: on
"""Settings that the workflow carries over, or need not."""


@dataclass(frozen=True)
class Imported:
    """A workflow, and what of the text it does not do."""

    workflow: dict[str, NodeCall]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Pass:
    """How one of the (one or two) samplings is done."""

    positive: str
    negative: str
    steps: int
    cfg: float
    sampler: str
    scheduler: str
    denoise: float


def workflow_of_parameters(text: ParametersText, checkpoint: str, catalog: Catalog, files: FileNames) -> Imported:
    """The workflow of a text: one sampling, or two with an enlargement between them ("hires fix").

    Args:
        text: What it says.
        checkpoint: The file in the checkpoints folder that it means.
        catalog: Has the names of samplers and schedulers.
        files: The files there are; LoRAs, embeddings, VAEs and upscalers are found by their names.
    """
    return _Import(text, catalog, files).imported(checkpoint)


class _Import:
    """One text that becomes a workflow."""

    def __init__(self, text: ParametersText, catalog: Catalog, files: FileNames) -> None:
        self._text = text
        self._settings = text.settings
        self._files = files
        self._graph: dict[str, NodeCall] = {}
        self._notes: list[str] = []
        ports = catalog["KSampler"].by_name
        self._samplers, self._schedulers = (ports[name].choices or () for name in ("sampler_name", "scheduler"))
        self._is_ours = self._settings.get("Version", "").startswith(OURS)

    def imported(self, checkpoint: str) -> Imported:
        size = _size(self._settings.get("Size", ""))
        width, height = size if size and all(size) else (512, 512)
        loader = self._add("CheckpointLoaderSimple", "Checkpoint", ckpt_name=checkpoint)
        vae = self._vae(Link(loader, 2))
        first = self._first()
        second = self._second(first)
        if second is None and first.denoise < 1:
            self._note("The picture was made from another one, which is not kept in it; this one starts from noise.")
        latent = Link(self._add("EmptyLatentImage", "Empty latent", **_sides(width, height), batch_size=1))
        latent = self._sample(first, loader, latent, 1.0)
        if second is not None:
            latent = self._enlarged(latent, vae, width, height)
            latent = self._sample(second, loader, latent, second.denoise)
        decoded = Link(self._add("VAEDecode", "Decode", samples=latent, vae=vae))
        self._add("SaveImage", "Save", images=decoded, filename_prefix="safelight")
        self._note_rest()
        return Imported(self._graph, tuple(dict.fromkeys(self._notes)))

    def _first(self) -> _Pass:
        get = self._settings.get
        sampler, scheduler = self._sampling(get("Sampler", "Euler"), get("Schedule type"))
        return _Pass(
            positive=self._text.prompt,
            negative=self._text.negative,
            steps=int(self._number("Steps", 20)),
            cfg=self._number("CFG scale", 7.0),
            sampler=sampler,
            scheduler=scheduler,
            denoise=self._number("Denoising strength", 1.0),
        )

    def _second(self, first: _Pass) -> _Pass | None:
        """The sampling after the enlargement, which is as the first where nothing else is said."""
        get = self._settings.get
        if not {"Hires upscale", "Hires resize", "Hires upscaler"} & self._settings.keys():
            return None
        sampler, scheduler = first.sampler, first.scheduler
        if "Hires sampler" in self._settings:
            sampler, scheduler = self._sampling(self._settings["Hires sampler"], get("Hires schedule type"))
        return _Pass(
            positive=get("Hires prompt") or first.positive,
            negative=get("Hires negative prompt") or first.negative,
            steps=int(self._number("Hires steps", 0)) or first.steps,
            cfg=self._number("Hires CFG Scale", first.cfg),
            sampler=sampler,
            scheduler=scheduler,
            denoise=first.denoise,
        )

    def _sample(self, how: _Pass, loader: str, latent: Link, denoise: float) -> Link:
        positive, tags = take_tags(how.positive)
        negative, more = take_tags(how.negative)
        model, clip = self._patched(loader, [*tags, *more])
        return Link(
            self._add(
                "KSampler",
                "Sample",
                model=model,
                seed=int(self._number("Seed", 0)),
                steps=how.steps,
                cfg=how.cfg,
                sampler_name=how.sampler,
                scheduler=how.scheduler,
                positive=self._encode("Prompt", positive, clip, how.steps),
                negative=self._encode("Negative prompt", negative, clip, how.steps),
                latent_image=latent,
                denoise=denoise,
            )
        )

    def _patched(self, loader: str, tags: Sequence[Tag]) -> tuple[Link, Link]:
        """Model and text encoder, with what the prompt asks for."""
        model, clip = Link(loader, 0), Link(loader, 1)
        for tag in tags:
            if tag.kind == "hypernet":
                name = named(self._files("hypernetworks"), tag.name) or f"{tag.name}.pt"
                model = Link(
                    self._add(
                        "HypernetworkLoader", tag.name, model=model, hypernetwork_name=name, strength=tag.strength
                    )
                )
                continue
            patched = self._add(
                "LoraLoader",
                tag.name,
                model=model,
                clip=clip,
                lora_name=named(self._files("loras"), tag.name) or f"{tag.name}.safetensors",
                strength_model=tag.strength,
                strength_clip=tag.clip_strength,
            )
            model, clip = Link(patched, 0), Link(patched, 1)
        skip = int(self._number("Clip skip", 1))
        if skip > 1:
            clip = Link(self._add("CLIPSetLastLayer", "Clip skip", clip=clip, stop_at_clip_layer=-skip))
        return model, clip

    def _encode(self, title: str, prompt: str, clip: Link, steps: int) -> Link:
        if self._is_ours:
            return Link(self._add("CLIPTextEncode", title, text=prompt, clip=clip))
        text = _with_embeddings(prompt, self._files("embeddings"))
        weighting = WEIGHTINGS.get(self._settings.get("Emphasis", "Original"))
        if weighting is None:
            weighting = "a1111"
            self._note(f"Emphasis is read as usual, and not as {self._settings['Emphasis']}.")
        how = {"syntax": "a1111", "weighting": weighting}
        return Link(self._add("PromptEncode", title, text=text, clip=clip, **how, steps=steps))

    def _enlarged(self, latent: Link, vae: Link, width: int, height: int) -> Link:
        """The latent in the size of the second sampling."""
        wide, high = self._target(width, height)
        upscaler = self._settings.get("Hires upscaler", "Latent")
        if (method := LATENT_UPSCALERS.get(upscaler)) is not None:
            size = _sides(wide, high)
            return Link(
                self._add("LatentUpscale", "Enlarge", samples=latent, upscale_method=method, **size, crop="center")
            )
        image = Link(self._add("VAEDecode", "Decode small", samples=latent, vae=vae))
        if upscaler not in IMAGE_UPSCALERS:
            called = UPSCALE_MODELS.get(upscaler, upscaler)
            file = named(self._files("upscale_models"), called) or f"{called}.pth"
            loaded = Link(self._add("UpscaleModelLoader", upscaler, model_name=file))
            image = Link(self._add("ImageUpscaleWithModel", "Enlarge", upscale_model=loaded, image=image))
        method = IMAGE_UPSCALERS.get(upscaler, "lanczos")
        scaled = self._add("ImageScale", "Fit", image=image, upscale_method=method, **_sides(wide, high), crop="center")
        return Link(self._add("VAEEncode", "Encode", pixels=Link(scaled), vae=vae))

    def _target(self, width: int, height: int) -> tuple[int, int]:
        """Size of the second sampling: as given, where one side may be 0 for keeping the shape; else by a factor."""
        resize = _size(self._settings.get("Hires resize", ""))
        if resize is None or resize == (0, 0):
            factor = self._number("Hires upscale", 2.0)
            return int(width * factor), int(height * factor)
        wide, high = resize
        return wide or high * width // height, high or wide * height // width

    def _vae(self, own: Link) -> Link:
        name = self._settings.get("VAE", "")
        if name in ("", "None", "Automatic"):
            return own
        return Link(self._add("VAELoader", "VAE", vae_name=named(self._files("vae"), name) or name))

    def _sampling(self, sampler: str, schedule: str | None) -> tuple[str, str]:
        found = sampling(sampler, schedule, self._samplers, self._schedulers)
        if found is None:
            said = sampler if schedule is None else f"{sampler}, {schedule}"
            found = sampling(sampler, None, self._samplers, self._schedulers)
            found = found or STAND_INS.get(sampler, ("euler", "normal"))
            self._note(f"There is no sampler {said} here; {found[0]} with {found[1]} stands in for it.")
        return found

    def _number(self, name: str, usual: float) -> float:
        """A setting that is a number; whole ones stay exact however long they are."""
        text = self._settings.get(name, "")
        try:
            number = int(text) if text.isdecimal() else float(text) if text else usual
        except ValueError:
            number = nan
        if isfinite(number):
            return number
        self._note(f'"{name}: {text}" is no number; {usual:g} stands in for it.')
        return usual

    def _note_rest(self) -> None:
        settings = self._settings
        left = [f"{name}: {value}" for name, value in settings.items() if name not in CARRIED]
        if left:
            self._note(f"Not carried over: {', '.join(left)}.")
        if not self._is_ours and settings.get("RNG", "GPU") != "CPU":
            self._note("Its noise was drawn on a graphics card, so the picture will be another of the same kind.")

    def _note(self, text: str) -> None:
        self._notes.append(text)

    def _add(self, class_type: str, title: str, **inputs: object) -> str:
        number = str(len(self._graph) + 1)
        self._graph[number] = NodeCall(class_type, inputs, title)
        return number


def _with_embeddings(prompt: str, embeddings: Sequence[str]) -> str:
    """The prompt with `embedding:` before the names of textual inversions, which these programs know bare."""
    stems = {listed.rpartition("/")[2].rpartition(".")[0]: listed.rpartition(".")[0] for listed in embeddings}
    by_case: Mapping[str, str] = {stem.casefold(): name for stem, name in stems.items() if stem}
    if not by_case:
        return prompt
    names = "|".join(re.escape(stem) for stem in sorted(by_case, key=len, reverse=True))
    pattern = re.compile(rf"(?<![\w:./-])(?:{names})(?![\w-])", re.IGNORECASE)
    return pattern.sub(lambda found: f"embedding:{by_case[found[0].casefold()]}", prompt)


def _size(text: str) -> tuple[int, int] | None:
    found = re.fullmatch(r"\s*(\d{1,5})\s*x\s*(\d{1,5})\s*", text)
    return (int(found[1]), int(found[2])) if found else None


def _sides(width: int, height: int) -> dict[str, int]:
    """Width and height as inputs, on the latent's grid."""
    return {"width": max(CELL, width // CELL * CELL), "height": max(CELL, height // CELL * CELL)}
