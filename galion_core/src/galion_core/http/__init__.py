"""The small talk with platform APIs; the only package that imports httpx."""

from galion_core.http.client import Answer, ApiClient

__all__ = ["Answer", "ApiClient"]
