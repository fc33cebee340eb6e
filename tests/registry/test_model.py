from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.registry.samples import CONFIRMATION, DAY, MODEL, NOW, SCOPE, changed

from shenyong.guideline.terms import DataClass, Environment
from shenyong.registry.model import a_year_after, banned, effective, origin

E0, E3 = Environment.UNREGISTERED, Environment.ONPREM_UNCONFIRMED
E4, E5 = Environment.ONPREM_CONFIRMED, Environment.AIRGAPPED


@pytest.mark.point("ey-genai-2023:4")
def test_a_valid_confirmation_of_exactly_this_model_makes_e4():
    assert effective(MODEL, [CONFIRMATION], NOW) == (E4, DataClass.RESTRICTED)


@pytest.mark.point("ey-genai-2023:4")
@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("host", "http://127.0.0.1:8082"),
        ("upstream_model", "gemma-3-1b"),
        ("weights_sha256", "b" * 64),
        ("stack", "llama.cpp b9001"),
        ("segment", "dmz"),
    ],
)
def test_any_change_of_what_was_confirmed_voids_it(field, value):
    other = changed(CONFIRMATION, scope=msgspec.structs.replace(SCOPE, **{field: value}))
    assert effective(MODEL, [other], NOW) == (E3, None)


@pytest.mark.point("ey-genai-2023:4")
def test_a_model_that_declares_one_host_and_calls_another_is_not_confirmed():
    elsewhere = changed(MODEL, url="http://192.0.2.7:8081/v1")
    assert effective(elsewhere, [CONFIRMATION], NOW) == (E3, None)
    renamed = changed(MODEL, upstream_model="another")
    assert effective(renamed, [CONFIRMATION], NOW) == (E3, None)


@pytest.mark.point("ey-genai-2023:4")
@given(st.integers(NOW - 3 * DAY, NOW + 3 * DAY))
def test_it_holds_from_its_first_to_before_its_last_microsecond(at):
    inside = CONFIRMATION.valid_from <= at < CONFIRMATION.expires
    assert effective(MODEL, [CONFIRMATION], at)[0] is (E4 if inside else E3)


def test_revoked_or_of_another_model_does_not_count():
    assert effective(MODEL, [changed(CONFIRMATION, revoked=True)], NOW) == (E3, None)
    assert effective(MODEL, [changed(CONFIRMATION, model="other")], NOW) == (E3, None)


def test_air_gapped_needs_an_air_gap_and_approved_encryption_confirmed():
    model = changed(MODEL, environment=E5)
    assert effective(model, [CONFIRMATION], NOW) == (E4, DataClass.RESTRICTED)
    half = changed(CONFIRMATION, air_gapped=True)
    assert effective(model, [half], NOW)[0] is E4
    full = changed(half, id="c2", approved_crypto="核准 115-3", max_class=DataClass.CONFIDENTIAL)
    assert effective(model, [half, full], NOW) == (E5, DataClass.CONFIDENTIAL)
    assert effective(MODEL, [full], NOW)[0] is E4  # never more than was declared


@pytest.mark.parametrize("declared", [Environment.PUBLIC_CLOUD, Environment.CONTRACTED_CLOUD, E3])
def test_a_confirmation_lifts_nothing_that_is_not_closed(declared):
    assert effective(changed(MODEL, environment=declared), [CONFIRMATION], NOW) == (declared, None)


@pytest.mark.point("ey-genai-2023:7")
@pytest.mark.parametrize(
    "fields",
    [
        {"banned": True},
        {"lineage": ()},
        {"lineage": (" ",)},
        {"lineage": ("taide", "Qwen2.5-7B")},
        {"lineage": ("DeepSeek-R1-Distill-Llama-8B",)},
        {"lineage": ("chatglm3-6b",)},
        {"lineage": ("Yi-34B",)},
        {"lineage": ("gemma", "ＱｗＱ-32B")},
        {"lineage": ("r1deepseekdistill",)},
        {"upstream_model": "qwen2.5:7b"},
        {"id": "local/deepseek-coder"},
        {"hosting_country": "cn"},
        {"hosting_country": "HK"},
        {"hosting_country": ""},
    ],
)
def test_banned_or_unknown_is_e0_whatever_was_confirmed(fields):
    model = changed(MODEL, **fields)
    assert banned(model)
    assert effective(model, [CONFIRMATION], NOW) == (E0, None)


@pytest.mark.parametrize(
    "lineage", ["gemma-3", "llama-3.1", "taide", "mistral-7b", "phi-4", "breeze-7b", "bloom"]
)
def test_other_families_are_not_banned(lineage):
    assert not banned(changed(MODEL, lineage=(lineage,)))


def test_common_words_in_a_name_do_not_ban_but_in_a_lineage_do():
    assert not banned(changed(MODEL, upstream_model="step-by-step-gemma"))
    assert banned(changed(MODEL, lineage=("step-2",)))


@pytest.mark.parametrize(
    "fields",
    [
        {"approved_by": "wu"},
        {"approved_by": ""},
        {"confirmed_by": ""},
        {"evidence": ()},
        {"evidence": ("  ",)},
        {"max_class": DataClass.TOP_SECRET},
        {"max_class": DataClass.PUBLIC},
        {"expires": CONFIRMATION.valid_from},
        {"expires": a_year_after(CONFIRMATION.valid_from) + 1},
        {"scope": msgspec.structs.replace(SCOPE, weights_sha256="")},
        {"scope": msgspec.structs.replace(SCOPE, segment="")},
        {"scope": msgspec.structs.replace(SCOPE, host="")},
    ],
)
def test_what_can_not_be_true_of_a_confirmation_can_not_be_built(fields):
    with pytest.raises(ValueError):
        changed(CONFIRMATION, **fields)


def test_a_year_is_a_calendar_year():
    def at(*day: int) -> int:
        return int(datetime(*day, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[arg-type]

    assert a_year_after(at(2027, 3, 1) + 5) == at(2028, 3, 1) + 5
    assert a_year_after(at(2028, 2, 29)) == at(2029, 2, 28)
    assert changed(CONFIRMATION, expires=a_year_after(CONFIRMATION.valid_from))


@pytest.mark.parametrize(
    "url",
    ["ftp://host/v1", "host:8080", "http:///v1", "http://u:p@host/v1", "http://host/v1?x=1", ""],
)
def test_a_base_url_is_plain_http(url):
    with pytest.raises(ValueError):
        changed(MODEL, url=url)


def test_origin_writes_the_port():
    assert origin("https://example.gov.tw/v1") == "https://example.gov.tw:443"
    assert origin("http://HOST/v1") == "http://host:80"
