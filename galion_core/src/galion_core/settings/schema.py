"""The settings of the core, checked and typed; tables it does not know belong to plugins."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from galion_core.errors import InvalidInput
from galion_core.settings.layers import Layers

_RATE = re.compile(r"(?P<number>\d+(?:\.\d+)?)\s*(?P<unit>[KMGT]?)(?:i?B)?(?:/s)?", re.IGNORECASE)
_UNITS = {"": 1, "K": 1 << 10, "M": 1 << 20, "G": 1 << 30, "T": 1 << 40}


def parse_rate(text: object) -> object:
    """Bytes a second out of ``500K``, ``4.2M``, ``1G`` or a number (binary units, as curl's).

    >>> parse_rate("1.5M")
    1572864
    """
    if not isinstance(text, str):
        return text
    found = _RATE.fullmatch(text.strip())
    if found is None:
        raise ValueError(f"{text!r} is not a rate; write 500K, 4.2M or 1G (bytes a second)")
    return int(float(found["number"]) * _UNITS[found["unit"].upper()])


def _split(value: object) -> object:
    """Lists come from the environment as ``a,b``."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return value


def _networks(names: list[str]) -> list[str]:
    """Networks as they are usually written."""
    for name in names:
        try:
            ip_network(name)
        except ValueError as error:
            raise ValueError(f"{error}; write 10.0.0.0/8, fd00::/8 or one address") from None
    return [str(ip_network(name)) for name in names]


Rate = Annotated[int, BeforeValidator(parse_rate), Field(ge=1)]
Names = Annotated[list[str], BeforeValidator(_split)]
Networks = Annotated[Names, AfterValidator(_networks)]


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class DownloadSettings(_Table):
    """How files are fetched."""

    directory: str = Field(".", description="Where files go; relative to where you are.")
    jobs: int = Field(4, ge=1, le=64, description="Downloads at once.")
    connections: int = Field(16, ge=1, le=64, description="Connections to one file, at most.")
    per_host: int = Field(
        16, ge=1, le=256, description="Connections to one host, at most, over all downloads."
    )
    limit_rate: Rate | None = Field(None, description="Bytes a second for each download.")
    connect_timeout: float = Field(20, gt=0, description="Seconds to reach a server.")
    stall_timeout: float = Field(
        30, gt=0, description="Seconds without a byte before trying again."
    )
    retries: int = Field(5, ge=0, le=100, description="Tries after the first, without progress.")
    retry_wait: float = Field(1, ge=0, description="Seconds before the first retry; doubles.")
    max_wait: float = Field(120, ge=0, description="Seconds of waiting for a server, at most.")


class NetworkSettings(_Table):
    """Where connections may go."""

    allow: Networks = Field(
        default_factory=list,
        description="Networks, as `10.0.0.0/8`, that count as public: servers may lead there.",
    )


class PluginSettings(_Table):
    """Which plugins are loaded."""

    disabled: Names = Field(default_factory=list, description="Plugins that are not imported.")
    strict: bool = Field(False, description="A plugin that fails stops the program.")
    load_timeout: float = Field(5, gt=0, description="Seconds that a plugin may take to import.")


class StoreSettings(_Table):
    """Where jobs and records are kept."""

    backend: str = Field("tinydb", description="Name of a registered store.")


class IndexSettings(_Table):
    """How the library is searched."""

    backend: str = Field("keyword", description="Name of a registered index.")


class Settings(BaseModel):
    """All settings of the core."""

    model_config = ConfigDict(frozen=True, extra="allow")

    download: DownloadSettings = DownloadSettings()
    network: NetworkSettings = NetworkSettings()
    plugins: PluginSettings = PluginSettings()
    store: StoreSettings = StoreSettings()
    index: IndexSettings = IndexSettings()


def check(layers: Layers) -> Settings:
    """The typed settings; raises InvalidInput that names each bad value and where it was set."""
    try:
        return Settings.model_validate(layers.values)
    except ValidationError as error:
        problems = []
        for each in error.errors():
            name = ".".join(str(part) for part in each["loc"])
            origin = layers.origins.get(name, "")
            unknown = each["type"] == "extra_forbidden"
            why = "there is no such setting" if unknown else each["msg"]
            why = why.removeprefix("Value error, ")
            problems.append(f"{name}: {why}" + (f" (set by {origin})" if origin else ""))
        raise InvalidInput(
            "Some settings are not usable:\n  " + "\n  ".join(problems),
            hint="`galion config show` lists every setting and where it comes from.",
            details={"problems": problems},
        ) from None
