"""A network whose layers are on the device only while they work: slow, and in as little memory as there is."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle


class ByLayer:
    """A network's layers, each brought to the device when it is called, and sent back after.

    Sending back is forgetting the copy: the weights themselves do not leave the host. A copy is made in the order of
    the work on the device, so that nothing has to be waited for where the weights are in pinned memory.

    Args:
        network: On the host. Nothing may use the weights of a layer but by calling it.
        device: Where it is to work.
        room: Bytes on the device for layers that need not come and go, but stay.
    """

    def __init__(self, network: nn.Module, device: torch.device, room: int = 0) -> None:
        self._handles: list[RemovableHandle] = []
        self._stay: list[_Visit] = []
        try:
            for layer in network.modules():
                size = sum(tensor.nbytes for tensor in _own(layer))
                visit = _Visit(device, layer)
                if 0 < size <= room:
                    room -= size
                    self._stay.append(visit)
                    visit.begin()
                elif size:
                    self._handles.append(layer.register_forward_pre_hook(visit.begin))
                    self._handles.append(layer.register_forward_hook(visit.end, always_call=True))
        except BaseException:
            self.stop()
            raise

    @property
    def has_any_stay(self) -> bool:
        """Whether there are layers that stay on the device."""
        return bool(self._stay)

    def stop(self) -> None:
        """Leave the network on the host, as any other."""
        for handle in self._handles:
            handle.remove()
        for visit in self._stay:
            visit.end()


class _Visit:
    """One layer's stay on the device."""

    def __init__(self, device: torch.device, layer: nn.Module) -> None:
        self._device = device
        self._tensors = _own(layer)  # not the layer, which holds this: what leaves memory must do so at once
        self._at_home: list[Tensor] = []

    def begin(self, *_: Any) -> None:
        with torch.inference_mode(False):  # what is made in inference mode could not be changed outside it
            for tensor in self._tensors:
                self._at_home.append(tensor.data)
                tensor.data = tensor.data.to(self._device, non_blocking=True)

    def end(self, *_: Any) -> None:
        # also when the layer failed; fewer are at home where it was already its weights that did not fit
        for tensor, home in zip(self._tensors, self._at_home, strict=False):
            tensor.data = home
        self._at_home.clear()


def _own(layer: nn.Module) -> list[Tensor]:
    """The tensors of a layer itself, without those of layers inside it."""
    return [*layer.parameters(recurse=False), *layer.buffers(recurse=False)]
