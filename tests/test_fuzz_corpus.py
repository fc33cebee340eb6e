"""What fuzzing has kept runs through every target again: no crash, nothing slow."""

from __future__ import annotations

import pytest
from fuzz.__main__ import CORPUS
from fuzz.targets import TARGETS, warm


@pytest.mark.parametrize("target", TARGETS)
def test_the_kept_inputs_do_no_harm(target: str) -> None:
    warm()
    files = sorted((CORPUS / target).iterdir())
    assert len(files) > 50
    for file in files:
        TARGETS[target](file.read_bytes())
