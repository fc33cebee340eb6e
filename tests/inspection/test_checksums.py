"""Check digits: published values, and every single changed digit is caught."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn as reference_luhn
from stdnum.iso7064 import mod_11_2

from shenyong.inspection import checksums


def test_published_values() -> None:
    assert checksums.mrz_td3("L898902C36UTO7408122F1204159ZE184226B<<<<<10")  # ICAO 9303's specimen
    assert checksums.ubn("04595252")
    assert checksums.ubn("10458570")
    assert checksums.ubn("10458574")  # the seventh digit is 7
    assert checksums.national_id("A123456789")
    assert checksums.hkid("A123456(3)")
    assert checksums.hkid("G123456(A)")


@given(st.integers(0, 10**12))
def test_luhn_agrees_with_another(number: int) -> None:
    assert checksums.luhn(str(number)) == reference_luhn.is_valid(str(number))


@given(st.from_regex(r"\A[A-Z][12][0-9]{8}\Z"), st.integers(1, 9), st.integers(1, 9))
def test_a_changed_digit_is_caught(value: str, place: int, by: int) -> None:
    if not checksums.national_id(value):
        return
    changed = value[:place] + str((int(value[place]) + by) % 10) + value[place + 1 :]
    weight = (8, 7, 6, 5, 4, 3, 2, 1, 1)[place - 1]
    assert checksums.national_id(changed) == (
        (int(changed[place]) - int(value[place])) * weight % 10 == 0
    )


@given(st.dates(), st.integers(0, 999), st.sampled_from("0123456789X"))
def test_resident_numbers_agree_with_another(born: object, serial: int, check: str) -> None:
    value = f"350203{str(born).replace('-', '')}{serial:03d}{check}"
    assert checksums.cn_ric(value) == (mod_11_2.calc_check_digit(value[:17]) == check)


@pytest.mark.parametrize("number", ["9999999999999995", "0000000000000000", "4111111111111112"])
def test_luhn_alone_is_no_card(number: str) -> None:
    assert not checksums.card(number)


def test_addresses_of_no_machine() -> None:
    assert not checksums.ipv4("127.0.0.1")
    assert not checksums.ipv4("255.255.0.0")
    assert not checksums.ipv6("::1")
    assert not checksums.ipv6("12:30:45")
    assert checksums.ipv6("2001:db8::1")
