"""Settings: from the home folder's file, then the environment, then the command line; the last word counts."""

import contextlib
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, PrivateAttr, ValidationError, field_validator
from pydantic_settings import (
    BaseSettings,
    InitSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from safelight.errors import BadInput
from safelight.files.atomic import write_whole
from safelight.files.toml_lines import Setting, changed, read_text

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
        vram: How much stays on the device; `auto` suits its memory.
        cache_bytes: How much memory the results of nodes may take.
        disk_cache_bytes: How much room on the disk the results of nodes that took long may take; 0 keeps none.
        host, port: Where the server listens.
        allowed_hosts: Names by which the server may be called, beside `localhost` and numeric addresses; in the
            environment separated by commas.
        allowed_origins: Pages of other servers that may use the API from a browser, as `https://studio.example`.
        auth: Whether people sign in: `auto` where the server can be reached from elsewhere, or there are users.
        insecure: Listen elsewhere than on loopback without anybody signing in.
        database: URL of the database, as SQLAlchemy takes it; empty for SQLite in the home folder.
        cluster: Address of a Ray cluster whose GPUs are used, or `auto`; empty for this machine's alone.
        record_pixels: Pictures of at most so many pixels have their steps recorded without being asked.
        fetch_urls: Whether nodes and routes may fetch what a URL names.
        job_seconds: A job that runs longer is stopped.
        training_seconds: The same for jobs that train; they can be gone on with.
        most_queued: Jobs that one person may have in the queue.
        most_nodes: Of a workflow.
        most_pixels: Of all pictures of one batch together that a workflow may make.
        body_bytes, upload_bytes: Of a request, and of one that brings files.
        spare_bytes: No job is begun while the disk has less room than that.
        find_pictures: Whether pictures are looked at, in a process beside the server, so that they are found by what
            is in them.
        clip_model: The CLIP that looks at them, by its name in the folder `clip_vision`.
    """

    model_config = SettingsConfigDict(env_prefix="SAFELIGHT_", env_ignore_empty=True, extra="forbid", frozen=True)

    home: Path = DEFAULT_HOME
    model_roots: Annotated[tuple[Path, ...], NoDecode] = ()
    device: str = "auto"
    dtype: Literal["auto", "fp32", "fp16", "bf16"] = "auto"
    vram: Literal["auto", "low", "normal", "high"] = "auto"
    cache_bytes: Annotated[int, Field(ge=0)] = 2 * GIGABYTE
    disk_cache_bytes: Annotated[int, Field(ge=0)] = 5 * GIGABYTE
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8188
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = ()
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = ()
    auth: Literal["auto", "on"] = "auto"
    insecure: bool = False
    database: Annotated[str, Field(repr=False)] = ""
    cluster: str = ""
    record_pixels: Annotated[int, Field(ge=0)] = 256 * 256
    fetch_urls: bool = False
    job_seconds: Annotated[float, Field(gt=0)] = 4 * 3600.0
    training_seconds: Annotated[float, Field(gt=0)] = 7 * 24 * 3600.0
    most_queued: Annotated[int, Field(gt=0)] = 10_000
    most_nodes: Annotated[int, Field(gt=0)] = 20_000
    most_pixels: Annotated[int, Field(gt=0)] = 2**28
    body_bytes: Annotated[int, Field(gt=0)] = 32 * 2**20
    upload_bytes: Annotated[int, Field(gt=0)] = 100 * 2**20
    spare_bytes: Annotated[int, Field(ge=0)] = 500_000_000
    find_pictures: bool = True
    clip_model: Annotated[str, Field(min_length=1)] = "clip.safetensors"

    _before_the_file: frozenset[str] = PrivateAttr(default=frozenset())

    @property
    def before_the_file(self) -> frozenset[str]:
        """Names that the command line or the environment has set, so that what the file says does not count."""
        return self._before_the_file

    @field_validator("model_roots", mode="before")
    @classmethod
    def _split_roots(cls, roots: object) -> object:
        return [root for root in roots.split(os.pathsep) if root] if isinstance(roots, str) else roots

    @field_validator("allowed_hosts", "allowed_origins", mode="before")
    @classmethod
    def _split_names(cls, names: object) -> object:
        return [name.strip() for name in names.split(",") if name.strip()] if isinstance(names, str) else names

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
    given = {name: value for name, value in flags.items() if value is not None}
    with _explained():
        settings = Settings(**given)
    prefix = Settings.model_config["env_prefix"]
    in_environment = {name for name in Settings.model_fields if os.environ.get(f"{prefix}{name.upper()}")}
    settings._before_the_file = frozenset({*given, *in_environment})
    return settings


def coming_settings(settings: Settings) -> Settings:
    """The settings that a program started again in the same way would have, as the file stands now.

    Raises:
        BadInput: As `read_settings`.
    """
    return read_settings(**{name: getattr(settings, name) for name in settings.before_the_file})


def write_settings(settings: Settings, values: Mapping[str, Setting | None]) -> None:
    """Change what the home folder's file says; its other lines and comments stay. What is refused changes nothing.

    Args:
        settings: Those in force.
        values: By name; None for what is usual.

    Raises:
        BadInput: A setting cannot have such a value, or the file cannot be read or written.
    """
    path = settings.home / FILE_NAME
    with _explained():
        text = changed(read_text(path), values)
        said = tomllib.loads(text)
        Settings(**said | {"home": settings.home})
    try:
        write_whole(path, text.encode())
    except OSError as error:
        raise BadInput(f"{path} cannot be written: {error.strerror}.", mend="See who may write there.") from error


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(map(str, item['loc']))}: {item['msg'].removeprefix('Value error, ')}" for item in error.errors()
        )
        raise BadInput(f"A setting is wrong: {wrong}.", mend=f"Look at {FILE_NAME} and at SAFELIGHT_….") from error
    except ValueError as error:  # not TOML
        raise BadInput(f"{FILE_NAME} cannot be read: {error}.", mend="Mend the line, or remove the file.") from error
