from __future__ import annotations

import pytest

from shenyong.guideline.terms import DataClass, Verdict


def test_ranks_follow_the_codes():
    assert [tag.rank for tag in DataClass] == list(range(8))


@pytest.mark.point("ey-genai-2023:4")
def test_verdicts_are_ordered_by_strictness():
    assert [verdict.word for verdict in sorted(Verdict)] == ["allow", "redact", "approve", "deny"]
