"""The inspector: places in the original, one finding for one value, a fixed order."""

from __future__ import annotations

import numpy as np
import pytest
from tests.inspection.passages import compacted, decoded, plain

from shenyong.guideline.terms import DataClass
from shenyong.inspection.inspector import Inspector
from shenyong.reading.passage import Passage, View, ViewKind

INSPECTOR = Inspector()


@pytest.mark.point("ey-genai-2023:4")
def test_findings_point_at_the_original() -> None:
    original = "證號Ａ１９７２２８１８４。"
    folded = "證號A197228184。"
    places = np.arange(len(original), dtype=np.int32)
    passage = Passage("p", original, (View(ViewKind.FOLDED, folded, places, places + 1),))
    (found,) = INSPECTOR.inspect([passage])
    assert original[found.start : found.end] == "Ａ１９７２２８１８４"
    assert (found.path, found.masked, found.evasion) == ("p", "A19*****84", "")


def test_one_value_in_two_views_is_one_finding() -> None:
    (found,) = INSPECTOR.inspect([compacted("證號 A197228184 號", " ")])
    assert found.evasion == ""


def test_a_value_hidden_in_part_is_found_whole() -> None:
    text = "匯款帳號 822-90123456 7890 12"
    (found,) = [f for f in INSPECTOR.inspect([compacted(text, " -")]) if f.kind == "bank_account"]
    assert text[found.start : found.end] == "822-90123456 7890 12"


def test_two_values_in_one_encoded_run() -> None:
    text = "看 QTE5NzIyODE4NCAwOTEyMzQ1Njc4 吧"
    found = INSPECTOR.inspect([decoded(text, 2, 30, "A197228184 0912345678")])
    assert [(f.kind, f.start, f.end) for f in found] == [
        ("tw_mobile", 2, 30),
        ("tw_national_id", 2, 30),
    ]


def test_a_value_cut_over_two_messages() -> None:
    first, second = "我的身分證是A1972", "28184，請查"
    joined = first + second
    seam = Passage(
        "seam",
        joined,
        (View(ViewKind.FOLDED, joined),),
        seams=((0, "m[0]", 0), (len(first), "m[1]", 0)),
    )
    found = INSPECTOR.inspect([plain(first, "m[0]"), plain(second, "m[1]"), seam])
    assert [(f.path, f.start, f.end, f.evasion) for f in found] == [
        ("m[0]", 6, 11, "split"),
        ("m[1]", 0, 5, "split"),
    ]
    assert found[0].group == found[1].group > 0
    assert "A1972" not in found[0].masked


def test_a_seam_repeats_nothing() -> None:
    first, second = "證號A197228184", "號"
    joined = first + second
    seam = Passage(
        "seam",
        joined,
        (View(ViewKind.FOLDED, joined),),
        seams=((0, "m[0]", 0), (len(first), "m[1]", 0)),
    )
    (found,) = INSPECTOR.inspect([plain(first, "m[0]"), plain(second, "m[1]"), seam])
    assert (found.path, found.group) == ("m[0]", 0)


def test_what_could_not_be_read_is_said() -> None:
    blob = "Zm9v" * 30
    passage = Passage(
        "p", f"附件 {blob}", (View(ViewKind.FOLDED, f"附件 {blob}"),), unreadable=((3, 123),)
    )
    (found,) = INSPECTOR.inspect([passage])
    assert (found.kind, found.data_class, found.start, found.end) == ("encoded", None, 3, 123)


def test_what_a_secret_explains_is_no_riddle() -> None:
    text = "api_key = a1B2c3D4e5F6g7H8i9J0k1L2m3N4"
    passage = Passage("p", text, (View(ViewKind.FOLDED, text),), unreadable=((10, len(text)),))
    (found,) = INSPECTOR.inspect([passage])
    assert (found.kind, found.data_class) == ("secret", DataClass.RESTRICTED)


def test_the_order_is_that_of_the_passages_then_of_the_places() -> None:
    late = plain("電話0912345678 證號A197228184", "a")
    early = plain("a@example.com.tw", "z")
    found = INSPECTOR.inspect([early, late])
    assert [(f.path, f.kind) for f in found] == [
        ("z", "email"),
        ("a", "tw_mobile"),
        ("a", "tw_national_id"),
    ]
    assert found == INSPECTOR.inspect([early, late])


def test_plain_work_passes_untouched() -> None:
    text = "請協助將本週會議紀錄改寫為條列式，並檢查用字是否符合公文程式條例第七條。"
    assert INSPECTOR.inspect([plain(text)]) == ()
