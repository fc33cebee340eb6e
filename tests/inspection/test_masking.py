"""Masked values: recognisable, and never more than half."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong.inspection.masking import mask


@pytest.mark.parametrize(
    ("kind", "value", "masked"),
    [
        ("tw_national_id", "A197228184", "A19*****84"),
        ("tw_mobile", "0912345678", "091*****78"),
        ("person_name", "王小明", "王○○"),
        ("person_name", "李四", "李○"),
        ("person_name", "歐陽娜娜", "歐陽○○"),
        ("person_name", "WANG, MEI-HUA", "W*** M***"),
        ("email", "wang.hsiao.ming@example.tw", "w***@example.tw"),
        ("address", "臺北市大安區和平東路二段106號12樓之3", "臺北市大安區***"),
        ("secret", "ghp_16C7e42F292c6912E7710c838347Ae178B4a", "ghp_***(40)"),
        ("secret", "Abc12345!", "***(9)"),
        ("secret", "1", "***"),
        ("mrn", "", ""),
    ],
)
def test_forms(kind: str, value: str, masked: str) -> None:
    assert mask(kind, value) == masked


KINDS = st.sampled_from(["tw_mobile", "person_name", "email", "address", "secret", "encoded"])


def common(value: str, masked: str) -> int:
    """How many characters of `value` the mask shows: its longest head and its longest tail."""
    stars = set("*○(") | {" "}
    head = next((n for n, c in enumerate(masked) if c in stars), len(masked))
    tail = next((n for n, c in enumerate(reversed(masked)) if c in stars | {")"}), len(masked))
    head = head if value.startswith(masked[:head]) else 0
    tail = tail if tail and value.endswith(masked[-tail:]) else 0
    return head + tail


@given(KINDS, st.text(st.characters(min_codepoint=33, exclude_characters="*○() "), min_size=1))
def test_never_more_than_half(kind: str, value: str) -> None:
    value = " ".join(value.split())
    masked = mask(kind, value)
    assert value not in masked or not value
    assert common(value, masked) * 2 <= max(len(value), 2)


@given(st.emails())
def test_of_a_mail_address_never_more_than_half(value: str) -> None:
    masked = mask("email", value)
    shown = len(masked.replace("*", "").replace("@", "").lstrip("."))
    assert shown * 2 <= len(value) + 2
