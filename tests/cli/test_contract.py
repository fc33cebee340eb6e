"""At the contractor's: a key, a scan under the agency's terms, a summary that anybody verifies."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import msgspec
import pytest
from tests.cli import running

from shenyong.decision import Judge, load_agency_pack
from shenyong.disclosure.terms import Terms, terms_file
from shenyong.guideline import load_pack
from shenyong.ledger.checkpoint import SigningKey
from shenyong.storage.rules import FILES

pytestmark = pytest.mark.point("ey-genai-2023:8")

AGENCY = SigningKey("house", b"\3" * 32)
OWN = """@id("own.cloud") @reason_zh("本機關不使用公有雲。")
forbid (principal, action == Action::"send", resource) when { context.environment == "E1" };"""
PERSONAL = "申請人王小明，身分證字號 A123456789。"


def run(*words: str) -> tuple[int, str, str]:
    done = running.run(*words)
    return done.returncode, done.stdout, done.stderr


def terms_with(own: tuple[tuple[str, str], ...] = (("own", OWN),), **changes: object) -> bytes:
    pack = load_pack()
    judge = Judge(pack, [load_agency_pack(name, text, pack) for name, text in own])
    made = Terms(
        "c-1", "115-CON-0001", "house", "示範機關", pack.id, pack.particulars.version, judge.digest,
        7, "challenge", str(AGENCY.verifying), dict(zip(FILES, pack.sources, strict=True)), own,
    )  # fmt: skip
    return terms_file(msgspec.structs.replace(made, **changes), AGENCY)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    folder = tmp_path / "機密計畫"
    (folder / "子").mkdir(parents=True)
    (folder / "名冊.txt").write_text(PERSONAL, "utf-8")
    (folder / "子" / "說明.txt").write_text("請說明公文的三段式格式。", "utf-8")
    (folder / "bad.pdf").write_bytes(b"%PDF-1.4 not really")
    (tmp_path / "terms.json").write_bytes(terms_with())
    return tmp_path


def test_from_key_to_verified(place: Path) -> None:
    key, summary = place / "contractor.key", place / "summary.json"
    status, public, _ = run("contract", "key", str(key), "--name", "demo-it")
    assert status == 0
    public = public.strip()
    assert public.startswith("demo-it+")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert run("contract", "key", str(key))[0] == 2  # never over one that is there
    common = ("--terms", str(place / "terms.json"), "--key", str(key))
    status, said, _ = run(
        "scan", str(place / "機密計畫"), "--workers", "1", "--attest", str(summary), *common
    )
    assert status == 1  # something was found; the summary is written all the same
    assert "summary.json.opening" in said
    told = summary.read_text("utf-8")
    opening = place / "summary.json.opening"
    assert stat.S_IMODE(opening.stat().st_mode) == 0o600
    status, said, _ = run(
        "contract", "verify", str(summary), "--key", public, "--terms", str(place / "terms.json"),
        "--opening", str(opening), "--json",
    )  # fmt: skip
    found = json.loads(said)
    assert status == 0
    assert (found["result"], found["opening"]) == ("verified", True)
    plain = found["summary"]
    assert (plain["files"], plain["found"], plain["refused"]) == (3, 1, 1)
    assert plain["kinds"] == {"person_name": 1, "tw_national_id": 1}
    assert plain["faults"]
    for word in ("名冊", "機密計畫", "說明", "王小明", "A123456789", "bad.pdf"):
        assert word not in told
        assert word not in said
    names = [each["name"] for each in json.loads(opening.read_bytes())["files"]]
    assert sorted(names) == sorted(["bad.pdf", "名冊.txt", "子/說明.txt"])
    # Somebody takes a file off the list, or the agency's rules change.
    shorter = json.loads(opening.read_bytes())
    shorter["files"].pop()
    opening.write_text(json.dumps(shorter), "utf-8")
    verifying = ("contract", "verify", str(summary), "--key", public)
    status, said, _ = run(*verifying, "--opening", str(opening))
    assert status == 1
    (place / "newer.json").write_bytes(terms_with(()))
    status, said, _ = run(*verifying, "--terms", str(place / "newer.json"), "--json")
    assert (status, json.loads(said)["result"]) == (1, "older_rules")
    summary.write_text(told.replace('"payload": "e', '"payload": "f'), "utf-8")
    assert run(*verifying)[0] == 1


def test_a_second_summary_of_the_same_files_tells_nothing_of_the_first(place: Path) -> None:
    key = place / "k"
    run("contract", "key", str(key))
    roots = set()
    for name in ("one", "two"):
        run("scan", str(place / "機密計畫"), "--workers", "1", "--attest", str(place / name),
            "--terms", str(place / "terms.json"), "--key", str(key))  # fmt: skip
        _, said, _ = run("contract", "verify", str(place / name), "--key", "x", "--json")
        assert json.loads(said)["result"] == "unknown_key"
        roots.add((place / name).read_text("utf-8"))
    assert len(roots) == 2


def test_what_is_misused_says_so_before_the_scan(place: Path) -> None:
    key = place / "k"
    run("contract", "key", str(key))
    folder, out = str(place / "機密計畫"), str(place / "out.json")
    terms = str(place / "terms.json")
    assert run("scan", folder, "--attest", out)[0] == 2
    assert run("scan", folder, "--attest", out, "--terms", terms, "--key", terms)[0] == 2
    assert run("scan", folder, "--attest", out, "--terms", str(key), "--key", str(key))[0] == 2
    assert run("contract", "key", str(place / "k2"), "--name", "a b")[0] == 2
    # Terms whose digest is not that of their sources: the contractor is not made to sign it.
    (place / "wrong.json").write_bytes(terms_with(rules="0" * 64))
    status, _, _ = run(
        "scan", folder, "--workers", "1", "--attest", out, "--terms", str(place / "wrong.json"),
        "--key", str(key),
    )  # fmt: skip
    assert status == 2
    assert not Path(out).exists()
