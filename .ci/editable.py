"""Print pip's arguments that install the named distributions editable, with all their extras."""

import sys
import tomllib
from pathlib import Path


def argument(folder: str) -> str:
    """``-e FOLDER[EXTRA,...]``."""
    project = tomllib.loads(Path(folder, "pyproject.toml").read_text("utf-8"))["project"]
    extras = ",".join(project.get("optional-dependencies", {}))
    return f"-e {folder}[{extras}]" if extras else f"-e {folder}"


sys.stdout.write(" ".join(argument(folder) for folder in sys.argv[1:]) + "\n")
