"""The user's ~/.netrc: read only when asked, for exactly the host that it names."""

from __future__ import annotations

import netrc
import os
from pathlib import Path

from galion_core import InvalidInput


def login(host: str) -> tuple[str, str]:
    """User and password for a host, or two empty strings; a ``default`` entry is not for us.

    Raises InvalidInput when the file cannot be read.
    """
    path = Path(os.environ.get("NETRC") or Path.home() / ".netrc")
    try:
        found = netrc.netrc(path).hosts.get(host)
    except FileNotFoundError:
        return "", ""
    except (OSError, netrc.NetrcParseError) as error:
        raise InvalidInput(
            f"{path} cannot be used: {error}",
            hint="Mend the file, or set generic.netrc to false.",
        ) from None
    if found is None:
        return "", ""
    user, _, password = found
    return user or "", password or ""
