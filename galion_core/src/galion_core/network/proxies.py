"""Which proxy a URL goes through: read here alone, so that libcurl and httpx cannot disagree."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network

from galion_core.urls import ParsedUrl


def proxy_for(url: ParsedUrl, environment: Mapping[str, str] = os.environ) -> str | None:
    """The proxy's URL; from http_proxy, https_proxy, all_proxy and no_proxy, as curl reads them.

    HTTP_PROXY in capitals is not read: a web server sets it from a request's header (httpoxy).
    """
    names = [f"{url.scheme}_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"]
    if url.scheme != "https":
        names.remove("HTTPS_PROXY")
    chosen = next((environment[name] for name in names if environment.get(name)), None)
    if chosen is None:
        return None
    exempt = environment.get("no_proxy") or environment.get("NO_PROXY") or ""
    if _listed(url.host.strip("[]").rstrip("."), exempt):
        return None
    return chosen if "://" in chosen else f"http://{chosen}"


def _listed(host: str, exempt: str) -> bool:
    entries = (each.strip(".").lower() for each in re.split(r"[\s,]+", exempt))
    return any(_goes_with(host, each) for each in entries if each)


def _goes_with(host: str, entry: str) -> bool:
    """A name stands for all below it, a network for the addresses in it."""
    if entry == "*" or host == entry or host.endswith(f".{entry}"):
        return True
    try:
        return ip_address(host) in ip_network(entry.strip("[]"), strict=False)
    except ValueError:
        return False
