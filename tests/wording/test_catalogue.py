"""The catalogues: complete, alike in their placeholders, and in Taiwan's vocabulary."""

from __future__ import annotations

import ast
import re
import string
from pathlib import Path

import pytest

from shenyong import wording
from shenyong.wording import catalogue

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src/shenyong").rglob("*.py"))

# Words of another Chinese, in its own characters or in ours (the second half of each line).
_WORDS = """
数据 用户 默认 软件 硬件 服务器 网络 程序 视频 音频 屏幕 鼠标 打印 字符串 数组 接口 内存 硬盘
文件夹 链接 登录 账号 密码 设置 保存 搜索 信息 质量 优化
數據 用戶 默認 軟件 硬件 服務器 網絡 視頻 音頻 屏幕 鼠標 打印 字符串 數組 內存 硬盤 文件夾
登錄 賬號 質量 信息 搜索 鏈接 缺省 宕機 進程 線程 調用 緩存 代碼 幀 菜單 端口 激活 保存
智能 郵箱 博客 短信 光標 字節 比特 異步 服務端 客戶端 後端接口
"""
FOREIGN = frozenset(_WORDS.split())


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(template) if name}


def test_both_have_the_same_keys_and_placeholders() -> None:
    assert wording.keys("zh_TW") == wording.keys("en")
    for key in sorted(wording.keys()):
        chinese, english = (catalogue._catalogue(lang)[key] for lang in ("zh_TW", "en"))
        assert chinese, key
        assert english, key
        assert placeholders(chinese) == placeholders(english), key


def test_no_foreign_vocabulary() -> None:
    assert len(FOREIGN) >= 40
    entries = catalogue._catalogue("zh_TW")
    found = {(key, word) for key, entry in entries.items() for word in FOREIGN if word in entry}
    assert not found


def test_every_key_used_exists() -> None:
    used: set[str] = set()
    known = wording.keys()
    prefixes: set[str] = set()
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text())):
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else None
            name = node.func.id if isinstance(node.func, ast.Name) else name
            if name not in ("text", "both", "words") or not node.args:
                continue
            first = node.args[0]
            if isinstance(first, ast.Constant) and isinstance(first.value, str):
                used.add(first.value)
            elif isinstance(first, ast.JoinedStr) and isinstance(first.values[0], ast.Constant):
                prefixes.add(str(first.values[0].value))
    used = {key for key in used if re.fullmatch(r"[a-z_]+(\.[a-z0-9_]+)+", key)}
    assert len(used) >= 15
    assert not used - known
    assert all(any(key.startswith(prefix) for key in known) for prefix in prefixes if "." in prefix)


def test_every_code_of_bad_input_has_words() -> None:
    codes: set[str] = set()
    known = {
        key.partition(".")[2] for key in sorted(wording.keys()) if key.startswith("bad_input.")
    }
    for file in SOURCES:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.args:
                first = node.args[0]
                own_words = len(node.args) > 2 or any(each.arg == "key" for each in node.keywords)
                if node.func.id == "BadInputError" and isinstance(first, ast.Constant):
                    assert own_words or str(first.value) in known, first.value
                    codes.add(str(first.value))
    assert len(codes) >= 15


def test_a_missing_key_is_an_error() -> None:
    with pytest.raises(wording.UnknownKeyError):
        wording.text("no.such_key")
    with pytest.raises(KeyError):
        wording.text("bad_input.missing")


def test_values_are_not_read_as_templates() -> None:
    assert "{limit}" in wording.text("bad_input.missing", param="{limit}")
    assert wording.both("kind.email") == "電子郵件地址 (an e-mail address)"
