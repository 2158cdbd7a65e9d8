"""The JSON that the pages show is what the command really prints."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import pytest

from galion_core.testing.samples import KNOWN

if TYPE_CHECKING:
    from tests.docs.conftest import BlocksOf, Terminal

COMMANDS = [
    "galion download -q --json https://example.com/model.bin -d models --checksum sha256="
    + KNOWN.sha256(),
    "galion download -q --json https://example.com/missing.bin",
    "galion download -q --json example.com/file.bin",
    "galion detect --explain --json https://example.com/model.bin",
    "galion plugins --json",
    "galion config show --json",
]


def is_part_of(sample: object, real: object) -> bool:
    """The sample is the real value, or an object with some of its members."""
    if isinstance(sample, Mapping) and isinstance(real, Mapping):
        return all(key in real and is_part_of(sample[key], real[key]) for key in sample)
    return sample == real


@pytest.mark.parametrize("page", ["docs/cli.md", "docs/errors.md"])
def test_samples_are_real(page: str, terminal: Terminal, blocks: BlocksOf) -> None:
    printed = [json.loads(terminal.run(line).splitlines()[0]) for line in COMMANDS]
    real = printed + [
        each["error"] for each in printed if isinstance(each, dict) and "error" in each
    ]
    samples = blocks(page, "json")
    assert samples
    for sample in samples:
        wanted = json.loads(re.sub(r"dl_\w{16}", "dl_ID", sample.text))
        shown = json.loads(re.sub(r"dl_\w{16}", "dl_ID", json.dumps(real)))
        assert any(is_part_of(wanted, each) for each in shown), sample.text
