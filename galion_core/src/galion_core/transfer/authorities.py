"""Whose certificates are trusted."""

from __future__ import annotations

import os


def authorities() -> str:
    """The file of certificate authorities: ``SSL_CERT_FILE``, else certifi's."""
    chosen = os.environ.get("SSL_CERT_FILE")
    if chosen:
        return chosen
    import certifi

    return certifi.where()
