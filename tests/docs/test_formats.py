"""What the architecture page shows of files on disk is what is on disk."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from galion_core.transfer.headers import Validators
from galion_core.transfer.journal import Identity
from galion_core.transfer.part import Part

if TYPE_CHECKING:
    from tests.docs.conftest import BlocksOf


def test_the_journal_of_a_part_looks_as_shown(tmp_path: Path, blocks: BlocksOf) -> None:
    part = Part(tmp_path / "model.bin")
    part.begin(Identity("place", None, Validators()))
    part.arrived(0)
    part.arrived(1)
    part.sync()
    part.arrived(2)
    part.close()
    first, *lines = (tmp_path / "model.bin.part.journal").read_text().splitlines()

    shown = next(
        block.text.splitlines()
        for block in blocks("docs/architecture.md", "text")
        if block.text.startswith("{")
    )
    assert list(json.loads(first)) == list(json.loads(shown[0]))
    assert [re.sub(r"^b .*", "b …", line) for line in lines] == shown[1:]
