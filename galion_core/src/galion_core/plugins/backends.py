"""Pick the backend that a setting names, of those that plugins offer."""

from __future__ import annotations

from typing import Any

from galion_core.errors import InvalidInput
from galion_core.plugins.dispatch import Dispatcher


def pick(manager: Dispatcher, hook: str, kind: str, name: str) -> Any:  # noqa: ANN401
    """The backend called ``name`` that ``hook`` offers; of several the first plugin's.

    Raises InvalidInput, which names the setting ``KIND.backend`` and the backends there are.
    """
    offered = {each.value.name: each.value for each in reversed(manager.collect(hook))}
    if name not in offered:
        raise InvalidInput(
            f"There is no {kind} backend {name!r}",
            hint=f"Set {kind}.backend to one of: {', '.join(sorted(offered))}.",
        )
    return offered[name]
