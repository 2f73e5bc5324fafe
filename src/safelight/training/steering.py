"""A ControlNet as something to train (Zhang et al. 2023, arXiv:2302.05543), and the pictures that it is shown."""

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache, partial

import torch
from torch import Generator, Tensor

from safelight.models.control.controlnet import ControlNet
from safelight.models.control.controlnet_network import ControlShape, build_controlnet, control_source
from safelight.models.control.edges import outlines
from safelight.models.control.picture_control import PictureControl
from safelight.models.model import Model
from safelight.models.placement import weight_of
from safelight.models.saving import Entry
from safelight.training.adapters import drawn_evenly
from safelight.training.data.views import View, control_file, pixels

HINT_CHANNELS = 3
HINT_WIDTHS = (16, 32, 96, 256)
"""Widths on the way from the picture to the size of the latent, which other programs take for granted."""
ZERO = ("controlnet_down_blocks.", "controlnet_mid_block.", "controlnet_cond_embedding.conv_out.")
"""How the names begin of what is zero at first, so that nothing is steered."""
PREFIX = "control_model."
"""What names begin with in the files of the paper's authors."""
MEMORY_BYTES = 512 * 2**20
"""What controls take in memory at most."""


def begin_controlnet(model: Model, name: str, source: Generator) -> ControlNet:
    """A ControlNet that steers nothing yet: the denoiser's way down again, and maps of zeros out of it.

    Args:
        model: The denoiser, which is only read.
        name: What it is called in messages.
        source: Of chance.
    """
    shape = ControlShape(model.shape, HINT_CHANNELS, HINT_WIDTHS)
    network = build_controlnet(shape)
    known = dict(model.network.named_parameters())
    begun: dict[str, Tensor] = {}
    for parameter, empty in network.state_dict().items():
        if parameter in known:
            tensor = weight_of(model, parameter).clone()
        elif parameter.startswith(ZERO):
            tensor = torch.zeros(empty.shape)
        else:
            inputs = network.get_parameter(f"{parameter.rpartition('.')[0]}.weight")[0].numel()
            tensor = drawn_evenly(tuple(empty.shape), inputs, source)
        begun[parameter] = tensor.to(model.placement.device, model.dtype)
    network.load_state_dict(begun, assign=True)
    network.eval().requires_grad_(False)
    model.placement.note(network, model.placement.device, {})
    return ControlNet(network, shape, name, False, model.dtype, model.placement)


def control_entries(control: ControlNet, tensors: Mapping[str, Tensor], dtype: torch.dtype) -> Iterator[Entry]:
    """The file of a ControlNet in the layout of the paper's authors.

    Args:
        control: Its sizes.
        tensors: Its parameters by their names in the network.
        dtype: What they are written in.
    """
    source = control_source(control.shape, "ldm")
    for name, tensor in tensors.items():
        yield Entry(f"{PREFIX}{source(name).name}", dtype, tuple(tensor.shape), tensor.detach)


def _outlines(view: View) -> Tensor:
    return outlines(pixels(view)[None])[0]


CONTROLS: dict[str, Callable[[View], Tensor]] = {"file": control_file, "canny": _outlines}
"""A view -> what a ControlNet is shown with it [H, W, 3] in 0..1, by what `data.control` says."""


class Controls:
    """What a ControlNet that is trained is shown of each view; the last ones stay in memory.

    Args:
        control: The network.
        made: A name of `CONTROLS`.
        side: Of a square, in pixels.
    """

    def __init__(self, control: ControlNet, made: str, side: int) -> None:
        self._control = control
        fitting = max(1, MEMORY_BYTES // (side * side * HINT_CHANNELS))
        self._picture = lru_cache(maxsize=fitting)(partial(_in_bytes, CONTROLS[made]))

    def of(self, *views: View) -> PictureControl:
        """What steers a batch of these views.

        Raises:
            BadInput: A picture cannot be read any more.
        """
        return PictureControl(self._control, torch.stack([self._picture(view) for view in views]).float() / 255)


def _in_bytes(make: Callable[[View], Tensor], view: View) -> Tensor:
    return (make(view) * 255).round().to(torch.uint8)
