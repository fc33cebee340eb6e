from __future__ import annotations

from datetime import date
from importlib import resources

import pytest

from shenyong.guideline import PackError, load_pack, parse_pack

PACK = load_pack()
FOLDER = resources.files("shenyong.guideline") / "packs" / "ey_genai_2023"
FILES = ("pack.toml", "points.toml", "policies.cedar", "schema.cedarschema")
KEYS = [f"ey-genai-2023:{number}" for number in range(11)] + ["ey-genai-2023:rolling"]


def sources(**changes: tuple[str, str]) -> dict[str, str]:
    """The pack's files, with one replacement in each file named (dots as underscores)."""
    texts = {name: (FOLDER / name).read_text(encoding="utf-8") for name in FILES}
    for name, (old, new) in changes.items():
        file = name.replace("_", ".")
        assert old in texts[file]
        texts[file] = texts[file].replace(old, new, 1)
    return texts


def test_the_pack_says_what_edition_it_is():
    assert PACK.id == "ey-genai-2023"
    assert PACK.particulars.letter == "院授科會前字第1120059686號函"
    assert PACK.particulars.approved == date(2023, 8, 31)
    assert not PACK.in_force(date(2023, 10, 2))
    assert PACK.in_force(date(2023, 10, 3))
    assert PACK.in_force(date(2026, 11, 23))


@pytest.mark.point("ey-genai-2023:9")
@pytest.mark.point("ey-genai-2023:10")
def test_it_says_whom_it_binds():
    applies = PACK.particulars.applicability
    assert "所屬機關" in applies.mandatory
    assert "準用" in applies.mutatis_mutandis
    assert "參照" in applies.reference


def test_the_general_statement_ten_points_and_the_rolling_revision():
    assert [point.key for point in PACK.points] == KEYS
    for point in PACK.points:
        assert PACK.point(point.key) is point
        for text in (point.title_zh, point.title_en, point.text_zh, point.summary_en):
            assert text
    with pytest.raises(KeyError):
        PACK.point("ey-genai-2023:11")


def test_every_policy_names_its_point_citation_stage_and_reasons():
    assert len(PACK.policies) > 30
    for policy in (*PACK.policies, *PACK.fallbacks):
        assert policy.id
        assert policy.points
        assert set(policy.points) <= set(KEYS)
        assert policy.cites
        assert policy.stage in PACK.stages
        assert policy.reason_zh.endswith("。")
        assert policy.reason_en.endswith(".")
    assert len({policy.id for policy in PACK.policies}) == len(PACK.policies)


@pytest.mark.point("ey-genai-2023:rolling")
def test_the_digest_follows_the_content_and_not_the_layout():
    assert parse_pack("ey-genai-2023", sources()).digest == PACK.digest
    comment = parse_pack(
        "ey-genai-2023", sources(pack_toml=("# 112-08-31", "# the day:  112-08-31"))
    )
    assert comment.digest == PACK.digest
    for changed in (
        sources(pack_toml=('version = "1.1.0"', 'version = "1.1.1"')),
        sources(points_toml=("滾動修正。", "滾動修訂。")),
        sources(policies_cedar=("context.confirmed < 4", "context.confirmed < 5")),
    ):
        assert parse_pack("ey-genai-2023", changed).digest != PACK.digest


@pytest.mark.point("ey-genai-2023:rolling")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"policies_cedar": ('@id("topsecret.never")\n', "")}, "no @id"),
        ({"policies_cedar": ('@id("topsecret.never")', '@id("public.permitted")')}, "taken"),
        ({"policies_cedar": ('@point("ey-genai-2023:3")\n', "")}, "@point is missing"),
        ({"policies_cedar": ('@point("ey-genai-2023:3")', '@point("x:3")')}, "no point x:3"),
        ({"policies_cedar": ('@cites("點3")\n', "")}, "@cites is missing"),
        ({"policies_cedar": ('@stage("production")', '@stage("elsewhere")')}, "elsewhere"),
        ({"policies_cedar": ("@reason_en(", "@reason_fr(")}, "@reason_en is missing"),
        ({"policies_cedar": ("context.confirmed >= 1", 'context.confirmed >= "1"')}, "schema"),
        ({"policies_cedar": ("permit (", "allow (")}, "Cedar"),
        ({"schema_cedarschema": ("unreadable: Bool", "legible: Bool")}, "schema"),
        ({"pack_toml": ('id = "ey-genai-2023"', 'id = "ey-genai-2024"')}, "calls itself"),
        ({"pack_toml": ("letter", "number")}, "pack.toml"),
        ({"pack_toml": ("[policies]", "[policies")}, "pack.toml"),
        ({"pack_toml": ('id = "engine.error"', 'id = "engine.mistake"')}, "fallbacks"),
        ({"points_toml": ('key = "ey-genai-2023:1"', 'key = "ey-genai-2023:2"')}, "one key"),
    ],
)
def test_a_pack_that_is_not_consistent_does_not_load(changes, words):
    with pytest.raises(PackError, match=words) as error:
        parse_pack("ey-genai-2023", sources(**changes))
    assert error.value.advice


def test_a_fault_in_a_policy_names_the_policy_and_its_line():
    broken = sources(policies_cedar=('@stage("production")', '@stage("elsewhere")'))
    with pytest.raises(PackError) as error:
        parse_pack("ey-genai-2023", broken)
    lines = broken["policies.cedar"].splitlines()
    assert error.value.policy == "production.classified"
    assert lines[error.value.line - 1] == '@id("production.classified")'


@pytest.mark.parametrize("id", ["ey-genai-1999", "", "../packs/ey_genai_2023"])
def test_a_pack_that_there_is_not(id):
    with pytest.raises(PackError):
        load_pack(id)


def test_a_missing_file_is_named():
    texts = sources()
    del texts["points.toml"]
    with pytest.raises(PackError, match=r"points\.toml"):
        parse_pack("ey-genai-2023", texts)
