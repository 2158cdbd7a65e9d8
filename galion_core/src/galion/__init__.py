"""Galion in Python: download anything, proven.

    from galion import Downloader

    job = Downloader().download("https://example.com/model.safetensors")
    print(job.files[0].path, job.files[0].sha256)

Everything is loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from galion.downloader import AsyncDownloader, Downloader, DownloadProgress
    from galion_core.errors import (
        Cancelled,
        Conflict,
        CredentialsRefused,
        CredentialsRequired,
        DiskError,
        DownloadFailed,
        FileExists,
        GalionError,
        IntegrityError,
        InvalidInput,
        InvalidUrl,
        NotFound,
        PlatformNotSupported,
        PluginError,
        PolicyError,
        RateLimited,
        SomeFailed,
        StoreError,
    )
    from galion_core.jobs import Job, JobFile, Status
    from galion_core.version import __version__

__all__ = [
    "AsyncDownloader",
    "Cancelled",
    "Conflict",
    "CredentialsRefused",
    "CredentialsRequired",
    "DiskError",
    "DownloadFailed",
    "DownloadProgress",
    "Downloader",
    "FileExists",
    "GalionError",
    "IntegrityError",
    "InvalidInput",
    "InvalidUrl",
    "Job",
    "JobFile",
    "NotFound",
    "PlatformNotSupported",
    "PluginError",
    "PolicyError",
    "RateLimited",
    "SomeFailed",
    "Status",
    "StoreError",
    "__version__",
]

_HOMES = {
    "galion.downloader": ("AsyncDownloader", "DownloadProgress", "Downloader"),
    "galion_core.jobs": ("Job", "JobFile", "Status"),
    "galion_core.version": ("__version__",),
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'galion' has no attribute {name!r}")
    home = next((home for home, names in _HOMES.items() if name in names), "galion_core.errors")
    found: object = getattr(import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted(__all__)
