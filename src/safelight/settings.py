"""Settings: from the home folder's file, then the environment, then the command line; the last word counts."""

import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from safelight.errors import BadInput

DEFAULT_HOME = Path("~/.safelight")
FILE_NAME = "settings.toml"
GIGABYTE = 1_000_000_000


class Settings(BaseSettings):
    """Read once at the start, and passed down.

    Each can stand in `settings.toml` of the home folder, or in the environment in capitals after `SAFELIGHT_`.

    Attributes:
        home: Where models, pictures and all other data are. Not in the file, which is found by it.
        model_roots: Folders of ComfyUI or AUTOMATIC1111 whose models are listed too; in the environment
            separated as in `PATH`.
        device: `auto` takes an accelerator if there is one.
        dtype: What weights are run in; `auto` suits the device.
        cache_bytes: How much memory the results of nodes may take.
    """

    model_config = SettingsConfigDict(env_prefix="SAFELIGHT_", env_ignore_empty=True, extra="forbid", frozen=True)

    home: Path = DEFAULT_HOME
    model_roots: Annotated[tuple[Path, ...], NoDecode] = ()
    device: str = "auto"
    dtype: Literal["auto", "fp32", "fp16", "bf16"] = "auto"
    cache_bytes: Annotated[int, Field(ge=0)] = 2 * GIGABYTE

    @field_validator("model_roots", mode="before")
    @classmethod
    def _split_roots(cls, roots: object) -> object:
        return [root for root in roots.split(os.pathsep) if root] if isinstance(roots, str) else roots

    @field_validator("device")
    @classmethod
    def _known_device(cls, device: str) -> str:
        if re.fullmatch(r"auto|cpu|mps|xpu|cuda(:\d+)?", device) is None:
            raise ValueError(f"{device!r} is none of auto, cpu, cuda, cuda:1 and so on, mps, xpu")
        return device

    @field_validator("home")
    @classmethod
    def _absolute_home(cls, home: Path) -> Path:
        return home.expanduser().absolute()

    @field_validator("model_roots")
    @classmethod
    def _absolute_roots(cls, roots: tuple[Path, ...]) -> tuple[Path, ...]:
        return tuple(root.expanduser().absolute() for root in roots)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The command line before the environment before the file."""
        flags = init_settings.init_kwargs if isinstance(init_settings, InitSettingsSource) else {}
        home = flags.get("home") or os.environ.get("SAFELIGHT_HOME") or DEFAULT_HOME
        file = TomlConfigSettingsSource(settings_cls, Path(home).expanduser() / FILE_NAME)
        return init_settings, env_settings, file


def read_settings(**flags: Any) -> Settings:
    """The settings in force.

    Args:
        flags: Settings given on the command line; those that are None were not given.

    Raises:
        BadInput: A setting has a value that it cannot have, or there is none of that name.
    """
    try:
        return Settings(**{name: value for name, value in flags.items() if value is not None})
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, item['loc']))}: {item['msg'].removeprefix('Value error, ')}" for item in error.errors()
        )
        raise BadInput(f"A setting is wrong: {wrong}.", mend=f"Look at {FILE_NAME} and at SAFELIGHT_….") from error
    except ValueError as error:  # not TOML
        raise BadInput(f"{FILE_NAME} cannot be read: {error}.", mend="Mend the line, or remove the file.") from error
