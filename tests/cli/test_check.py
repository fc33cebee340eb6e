from __future__ import annotations

import json
import resource
import subprocess
from pathlib import Path

import docx
import pytest
from tests.cli.running import PROGRAM, cold, run
from tests.reading.documents import making

from shenyong.reading.documents import read_document


def test_text_file_and_standard_input_give_the_same(tmp_path):
    words = "身分證字號 A123456789"
    (tmp_path / "a.txt").write_text(words)
    for done in (
        run("check", "--json", words),
        run("check", "--json", str(tmp_path / "a.txt")),
        run("check", "--json", "-", stdin=words),
        run("check", "--json", stdin=words),
    ):
        assert done.returncode == 1
        assert json.loads(done.stdout)["verdict"] == "redact"


def test_fine_text_is_not_called_safe():
    done = run("check", "請說明資訊公開的目的。", LC_ALL="zh_TW.UTF-8")
    assert done.returncode == 0
    assert "未偵測到" in done.stdout
    assert "安全，" in done.stdout  # 這不表示安全，…


def test_lines_keep_their_order_and_a_bad_one_stops_nothing():
    lines = [
        '{"id": 1, "text": "你好"}',
        "{broken",
        "",
        '{"id": 3, "text": "a", "env": "E9"}',
        '{"id": 4, "id": 5, "text": "a"}',
        '["text"]',
        '{"id": 6, "text": "\\ud800"}',
        '{"id": 7, "text": "A123456789 身分證"}',
    ]
    done = run("check", "--jsonl", stdin="\n".join(lines))
    assert done.returncode == 1
    out = [json.loads(line) for line in done.stdout.splitlines()]
    assert [each["id"] for each in out] == [1, None, 3, None, None, None, 7]
    codes = [each.get("error", {}).get("code") for each in out]
    assert codes == [
        None,
        "invalid_json",
        "unknown_env",
        "duplicate_key",
        "not_object",
        "lone_surrogate",
        None,
    ]
    assert out[1]["error"]["line"] == 2


def test_lines_from_a_file_that_are_all_fine_end_with_zero(tmp_path):
    file = tmp_path / "lines.jsonl"
    file.write_text('{"id": 1, "text": "你好"}\n')
    done = run("check", "--jsonl", str(file))
    assert done.returncode == 0
    assert run("check", "--jsonl", str(tmp_path / "none")).returncode == 2


def test_wrong_use_ends_with_two(tmp_path):
    (tmp_path / "binary").write_bytes(b"\x00\x01\xff")
    for arguments in (
        ("check", "--env", "E9", "a"),
        ("check", "--nonsense", "a"),
        ("chek", "a"),
        ("check", str(tmp_path / "binary")),
        ("check", "--agency-pack", str(tmp_path / "none.cedar"), "a"),
    ):
        done = run(*arguments)
        assert done.returncode == 2, arguments
        assert done.stderr.strip()
        assert "Traceback" not in done.stderr


def test_an_agencys_rule_tightens_and_a_permit_is_refused(tmp_path):
    rule = tmp_path / "own.cedar"
    rule.write_text('@id("own.all")\n@reason_zh("不用")\nforbid(principal, action, resource);\n')
    assert run("check", "--agency-pack", str(rule), "你好").returncode == 1
    rule.write_text('@id("own.all")\n@reason_zh("都可")\npermit(principal, action, resource);\n')
    assert run("check", "--agency-pack", str(rule), "你好").returncode == 2


def test_the_second_command_finds_the_automaton_kept(tmp_path):
    def cost():
        """Processor time of one command: what else the machine does plays no part."""
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        cold("check", "a", XDG_CACHE_HOME=str(tmp_path))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    compiled = cost()
    assert min(cost() for _ in range(3)) < compiled


def test_a_mistyped_file_is_not_called_clean(tmp_path):
    for name in (str(tmp_path), str(tmp_path / "none"), "草稿.txt", "letter.DOCX", "../x", "~/x"):
        done = run("redact" if name == "letter.DOCX" else "check", name)
        assert done.returncode == 2, name
        assert "--text" in done.stderr
        assert done.stdout == ""
    for words in ("草稿.txt", "https://gov.tw/a.pdf"):
        assert run("check", "--text", words).returncode == 0
    for words in ("見附件 a.txt", "115/01/02", "x" * 5000, "第一行\n第二行.txt"):
        assert run("check", words).returncode == 0, words
    assert run("check", "--text", "a", "b").returncode == 2


def test_options_that_are_none_are_said_in_both_languages():
    for arguments in (
        ("--env", "E9"),
        ("--env-max", "D7"),
        ("--purpose", "fun"),
        ("--actor", "cat"),
        ("--classification", "top"),
    ):
        english = run("check", *arguments, "a")
        chinese = run("check", *arguments, "a", LC_ALL="zh_TW.UTF-8")
        assert (english.returncode, chinese.returncode) == (2, 2)
        assert arguments[0] in english.stderr
        assert "須為" in chinese.stderr or "不是已知" in chinese.stderr


def test_an_output_that_takes_nothing_is_an_error_without_a_trace():
    with Path("/dev/full").open("wb") as full:
        for arguments in (("check", "你好"), ("version",), ("check", "--help")):
            done = subprocess.run(
                [*PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE, text=True, check=False
            )
            assert done.returncode == 3, arguments
            assert "Traceback" not in done.stderr
            assert "No space left" in done.stderr


@pytest.mark.parametrize(
    ("name", "make", "path"),
    [
        ("a.docx", making.word, "body"),
        ("a.xlsx", making.sheets, "sheet"),
        ("a.pptx", making.slides, "slide"),
        ("a.odt", making.open_text, "body"),
        ("a.eml", making.mail, "body"),
    ],
)
@pytest.mark.point("ey-genai-2023:4")
def test_what_an_office_file_holds_is_found_at_its_part(tmp_path, name, make, path):
    (tmp_path / name).write_bytes(make())
    done = run("check", "--json", str(tmp_path / name))
    out = json.loads(done.stdout)
    texts = read_document(name, make()).parts
    assert {part.path for part in texts} <= set(out["forward"] or {part.path for part in texts})
    for each in out["findings"]:
        part = next(part for part in texts if part.path == each["path"])
        assert 0 <= each["start"] < each["end"] <= len(part.text)
    assert "name" in [part.path for part in texts]
    assert any(part.path.startswith(path) for part in texts)


@pytest.mark.point("ey-genai-2023:4")
def test_an_office_file_is_redacted_part_by_part(tmp_path):
    book = docx.Document()
    book.add_paragraph("申請人王小明，身分證字號A123456789。")
    book.core_properties.author = "陳淑芬"
    book.save(tmp_path / "王小明.docx")
    done = run("redact", "--json", str(tmp_path / "王小明.docx"))
    parts = json.loads(done.stdout)["parts"]
    assert "A123456789" not in done.stdout
    assert "王小明" not in "".join(parts.values())
    assert parts["name"].endswith(".docx")
    shown = run("redact", str(tmp_path / "王小明.docx"), LC_ALL="zh_TW.UTF-8")
    assert "〔身分證號1〕" in shown.stdout
    assert "原檔未更動" in shown.stderr


@pytest.mark.point("ey-genai-2023:4")
def test_a_file_that_can_not_be_read_is_refused_with_its_reason(tmp_path):
    (tmp_path / "a.png").write_bytes(making.PIXEL)
    (tmp_path / "a.zip").write_bytes(making.packed(a=b"PK\x03\x04broken"))
    for name, said in (("a.png", "圖片"), ("a.zip", "損壞")):
        done = run("check", str(tmp_path / name), LC_ALL="zh_TW.UTF-8")
        assert done.returncode == 2
        assert said in done.stderr
        assert name in done.stderr


def test_text_in_big5_is_read(tmp_path):
    (tmp_path / "a.txt").write_bytes("身分證字號 A123456789".encode("cp950"))
    assert json.loads(run("check", "--json", str(tmp_path / "a.txt")).stdout)["findings"]
