"""JSON read strictly (reliability.md 0.1, 2.4), against a suite nobody here wrote."""

from __future__ import annotations

import json
import tarfile
import time
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong.protocols.bad_input import BadInputError
from shenyong.protocols.strict_json import Limits, parse

SUITE = Path(__file__).parents[2] / "../shared/data/vectors/JSONTestSuite.tar.gz"

# Valid JSON that our limits refuse, and why.
REFUSED_BY_US = {
    "y_object_duplicated_key.json": "duplicate_key",
    "y_object_duplicated_key_and_value.json": "duplicate_key",
    "i_number_double_huge_neg_exp.json": None,
    "i_number_huge_exp.json": "number_not_finite",
    "i_number_neg_int_huge_exp.json": "number_not_finite",
    "i_number_pos_double_huge_exp.json": "number_not_finite",
    "i_number_real_neg_overflow.json": "number_not_finite",
    "i_number_real_pos_overflow.json": "number_not_finite",
    "i_number_real_underflow.json": None,
    "i_number_too_big_neg_int.json": "integer_too_large",
    "i_number_too_big_pos_int.json": "integer_too_large",
    "i_number_very_big_negative_int.json": "integer_too_large",
    "i_object_key_lone_2nd_surrogate.json": "lone_surrogate",
    "i_string_1st_surrogate_but_2nd_missing.json": "lone_surrogate",
    "i_string_1st_valid_surrogate_2nd_invalid.json": "lone_surrogate",
    "i_string_UTF-16LE_with_BOM.json": "not_utf8",
    "i_string_UTF-8_invalid_sequence.json": "not_utf8",
    "i_string_UTF8_surrogate_U+D800.json": "not_utf8",
    "i_string_incomplete_surrogate_and_escape_valid.json": "lone_surrogate",
    "i_string_incomplete_surrogate_pair.json": "lone_surrogate",
    "i_string_incomplete_surrogates_escape_valid.json": "lone_surrogate",
    "i_string_invalid_lonely_surrogate.json": "lone_surrogate",
    "i_string_invalid_surrogate.json": "lone_surrogate",
    "i_string_invalid_utf-8.json": "not_utf8",
    "i_string_inverted_surrogates_U+1D11E.json": "lone_surrogate",
    "i_string_iso_latin_1.json": "not_utf8",
    "i_string_lone_second_surrogate.json": "lone_surrogate",
    "i_string_lone_utf8_continuation_byte.json": "not_utf8",
    "i_string_not_in_unicode_range.json": "not_utf8",
    "i_string_overlong_sequence_2_bytes.json": "not_utf8",
    "i_string_overlong_sequence_6_bytes.json": "not_utf8",
    "i_string_overlong_sequence_6_bytes_null.json": "not_utf8",
    "i_string_truncated-utf-8.json": "not_utf8",
    "i_string_utf16BE_no_BOM.json": "not_utf8",
    "i_string_utf16LE_no_BOM.json": "not_utf8",
    "i_structure_500_nested_arrays.json": "too_deep",
    "i_structure_UTF-8_BOM_empty_object.json": "byte_order_mark",
}


@cache
def suite() -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    with tarfile.open(SUITE) as archive:
        for item in archive.getmembers():
            name = Path(item.name).name
            if "test_parsing" in item.name and item.isfile() and name.endswith(".json"):
                stream = archive.extractfile(item)
                assert stream is not None
                files[name] = stream.read()
    return files


def code_of(body: bytes, limits: Limits | None = None) -> str | None:
    try:
        parse(body, limits or Limits())
    except BadInputError as error:
        return error.code if error.message else "speechless"
    return None


def test_the_public_suite() -> None:
    files = suite()
    assert len(files) == 318
    wrong = {}
    for name, body in files.items():
        code = code_of(body)
        right = code is not None if name.startswith("n_") else code == REFUSED_BY_US.get(name)
        if not right:
            wrong[name] = code
    assert not wrong
    assert all(name in files for name in REFUSED_BY_US)
    assert all(name in REFUSED_BY_US for name in files if name.startswith("i_"))


@pytest.mark.parametrize(
    ("body", "code", "param"),
    [
        (b'{"a":{"b":1,"\\u0062":2}}', "duplicate_key", "a"),
        (b'{"a":[0,9007199254740993]}', "integer_too_large", "a[1]"),
        (b'{"a":[{"b":-123456789012345678901234567890}]}', "integer_too_large", "a[0].b"),
        (b'{"A123456789":NaN}', "number_not_finite", "{0}"),
        (b'{"a":1e999}', "number_not_finite", "a"),
        (b'{"\\ud800":1}', "lone_surrogate", "{0}#key"),
        (b'{"a":"x\\udc00"}', "lone_surrogate", "a"),
        ('{"a":1}'.encode("utf-16"), "not_utf8", ""),
        ('\ufeff{"a":1}'.encode(), "byte_order_mark", ""),
        (b'{"a":1} x', "invalid_json", ""),
        (b" ", "empty_body", ""),
        (b"[" * 10_000, "too_deep", ""),
        (b"[" * 100_000 + b"]" * 100_000, "too_deep", ""),
        (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, "too_deep", ""),
    ],
)
def test_refused_with_its_place(body: bytes, code: str, param: str) -> None:
    with pytest.raises(BadInputError) as caught:
        parse(body)
    assert (caught.value.code, caught.value.param) == (code, param)
    assert "A123456789" not in caught.value.message


def test_depth_is_exact() -> None:
    assert code_of(b"[" * 64 + b"]" * 64) is None
    assert code_of(b"[" * 65 + b"]" * 65) == "too_deep"
    assert code_of(b"[" + b"[]," * 200 + b"[]]") is None


def test_exact_integers_and_surrogate_pairs_are_read() -> None:
    assert parse(b"[9007199254740992,-9007199254740992]") == [2**53, -(2**53)]
    assert parse(b'"\\ud83d\\ude00"') == "😀"


def test_size() -> None:
    with pytest.raises(BadInputError) as caught:
        parse(b'"' + b"x" * 50_000_000 + b'"')
    assert (caught.value.code, caught.value.status) == ("body_too_large", 413)


documents = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=30,
)


@given(documents, st.booleans())
def test_what_was_written_is_read(document: object, ascii_only: bool) -> None:
    assert parse(json.dumps(document, ensure_ascii=ascii_only).encode()) == document


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    code_of(body)


def test_a_chat_body_is_fast() -> None:
    content = "請幫我把這段會議紀錄整理成三點摘要。" * 18
    body = json.dumps(
        {"model": "local/gov", "messages": [{"role": "user", "content": content}]},
        ensure_ascii=False,
    ).encode()
    assert 950 < len(body) < 1100

    def once() -> float:
        start = time.process_time()
        for _ in range(200):
            parse(body)
        return (time.process_time() - start) / 200

    assert min(once() for _ in range(15)) < 60e-6  # 30 µs aimed at, twice that on a busy host
