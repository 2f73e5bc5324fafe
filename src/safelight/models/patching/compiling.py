"""A network compiled for the device that it runs on."""

from collections.abc import Callable

import torch
from torch import Tensor

from safelight.errors import SafelightError
from safelight.models.model import Model
from safelight.models.patches import Asked, Patches


def compiled(model: Model, backend: str) -> Model:
    """The model, its network compiled when it is first asked, and again for each size of picture.

    Args:
        model: The model.
        backend: A name that `torch.compile` knows.

    Raises:
        SafelightError: While it runs, where nothing here can compile.
    """
    run = compiled_call(
        _run, backend, "Install a C++ compiler (g++ or clang) for it, or take the node TorchCompileModel out."
    )

    def around(asked: Asked, network: Callable[[Tensor], Tensor], shown: Tensor) -> Tensor:
        return run(network, shown)

    return model.with_patches(Patches(network=(around,)))


def compiled_call(run: Callable[..., Tensor], backend: str, mend: str) -> Callable[..., Tensor]:
    """A function, compiled when it is first called, and again for each size of what it is given.

    Args:
        run: The function.
        backend: A name that `torch.compile` knows.
        mend: What can be done where nothing here can compile.

    Raises:
        SafelightError: When it is called, where nothing here can compile.
    """
    # Imported late: the compiler takes longer than everything else here.
    from torch._dynamo.exc import TorchDynamoException  # noqa: PLC0415

    compiled_run = torch.compile(run, backend=backend)

    def call(*given: object, **named: object) -> Tensor:
        try:
            answer: Tensor = compiled_run(*given, **named)
        except TorchDynamoException as error:
            reason = str(error).strip().partition("\n\n")[0].splitlines()[-1]  # before it, who raised; after it, hints
            raise SafelightError(
                f"The model cannot be compiled with {backend} here. ({reason})",
                mend=mend,
            ) from error
        return answer

    return call


def _run(network: Callable[[Tensor], Tensor], shown: Tensor) -> Tensor:
    return network(shown)
