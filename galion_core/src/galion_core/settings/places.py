"""Where Galion keeps its things."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path


def home(environment: Mapping[str, str] = os.environ) -> Path:
    """The data folder: ``GALION_HOME``, else the platform's own place."""
    chosen = environment.get("GALION_HOME")
    if chosen:
        return Path(chosen).expanduser().absolute()
    import platformdirs

    return platformdirs.user_data_path("galion", appauthor=False)


def config_file(environment: Mapping[str, str] = os.environ) -> Path:
    """The config file: ``GALION_CONFIG``, else in ``GALION_HOME``, else the platform's place."""
    chosen = environment.get("GALION_CONFIG")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if environment.get("GALION_HOME"):
        return home(environment) / "config.toml"
    import platformdirs

    return platformdirs.user_config_path("galion", appauthor=False) / "config.toml"


def cache(environment: Mapping[str, str] = os.environ) -> Path:
    """The folder of what can be made anew: in ``GALION_HOME``, else the platform's place."""
    if environment.get("GALION_HOME"):
        return home(environment) / "cache"
    import platformdirs

    return platformdirs.user_cache_path("galion", appauthor=False)


def make_private(folder: Path) -> None:
    """Make the folder and those above it that are missing, for their owner alone."""
    for path in [*reversed(folder.parents), folder]:
        if not path.is_dir():
            path.mkdir(mode=0o700, exist_ok=True)
