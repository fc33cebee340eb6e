"""Inspectors under measurement: ours, and what others offer for Traditional Chinese or for Taiwan.

Each peer lives in an environment of its own under ``.bench/quality`` (installed by `installed`) and
reads texts from its standard input, so that no dependency of theirs becomes one of ours. Models
that have to be fetched from elsewhere than the package registries are not: then a peer is measured
with its rules alone, and the page says so.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from quality.score import Said
from shenyong.gateway.consider import removable
from shenyong.inspection.inspector import Inspector
from shenyong.reading import read
from shenyong.reading.passage import Source

ROOT = Path(__file__).parents[1]
WORK = ROOT / ".bench" / "quality"
Inspect = Callable[[Sequence[str]], list[list[Said]]]
_PERSONAL = 2  # rank of D2


class Peer(NamedTuple):
    """A package, what of it is measured, and what its names mean here."""

    package: str
    what: str
    script: str
    kinds: dict[str, str]


_LOOP = """
import json, sys
for line in sys.stdin:
    print(json.dumps(spans(json.loads(line)), ensure_ascii=False), flush=True)
"""
PEERS = (
    Peer(
        "presidio-analyzer",
        "its recognisers by pattern, with a blank Chinese model of language",
        """
import spacy
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import SpacyNlpEngine
class Blank(SpacyNlpEngine):
    def __init__(self):
        super().__init__(models=[{"lang_code": "zh", "model_name": "blank"}])
        self.nlp = {"zh": spacy.blank("zh")}
registry = RecognizerRegistry(supported_languages=["zh"])
registry.load_predefined_recognizers(languages=["zh"])
engine = AnalyzerEngine(nlp_engine=Blank(), registry=registry, supported_languages=["zh"])
def spans(text):
    return [[e.entity_type, e.start, e.end] for e in engine.analyze(text, language="zh")]
""",
        {
            "PERSON": "person_name",
            "PHONE_NUMBER": "tw_mobile",
            "EMAIL_ADDRESS": "email",
            "CREDIT_CARD": "credit_card",
            "IP_ADDRESS": "ipv4",
        },
    ),
    Peer(
        "helan",
        "all its recognisers, with jieba's names",
        """
from helan import recognize
def spans(text):
    return [[e.type, e.start, e.end] for e in recognize(text)]
""",
        {
            "PERSON_NAME": "person_name",
            "ADDRESS": "address",
            "TW_ID_CARD": "tw_national_id",
            "ID_CARD": "tw_national_id",
            "PHONE": "tw_mobile",
            "TW_PHONE": "tw_mobile",
            "LANDLINE": "tw_landline",
            "BANK_CARD": "credit_card",
            "EMAIL": "email",
            "IP_ADDRESS": "ipv4",
            "LICENSE_PLATE": "plate_car_new",
            "PASSPORT": "tw_passport",
        },
    ),
    Peer(
        "privyscope-zh-hant",
        "its rules (its model has to be fetched from elsewhere)",
        """
from privyscope_zh_hant import Privyscope
engine = Privyscope.regex_only(lang="zh-Hant")
def spans(text):
    return [[s.label, s.start, s.end] for s in engine.redact(text).detected_spans]
""",
        {
            "PER": "person_name",
            "LOC": "address",
            "ID_NUM": "tw_national_id",
            "PHONE": "tw_mobile",
            "EMAIL": "email",
            "BANK": "bank_account",
            "PASSPORT": "tw_passport",
            "UNIFIED_BUSINESS_NO": "tw_ubn",
            "PLATE": "plate_car_new",
            "IP": "ipv4",
        },
    ),
)
NOT_MEASURED = {
    "taiwan-legal-deid": "its models (244 MB) have to be fetched from elsewhere",
    "ckip-transformers": "its models have to be fetched from elsewhere",
}
"""Peers that can't be measured here, and why."""


def ours(*, public: bool = False) -> Inspect:
    """Shenyong with everything on. Names and addresses count where they are a citizen's (D2+).

    With `public`, those of officials count too.
    """
    inspector = Inspector()

    def inspect(text: str) -> list[Said]:
        said = []
        for each in inspector.inspect(read((Source("text", text),))):
            rank = each.data_class.rank if each.data_class else 0
            if not public and each.kind in ("person_name", "address") and rank < _PERSONAL:
                continue
            said.append(Said(each.kind, each.start, each.end, removable(each)))
        return said

    return lambda texts: [inspect(text) for text in texts]


def installed(peer: Peer) -> Path | None:
    """The Python of the peer's own environment; None, said aloud, where it can't be installed."""
    home = WORK / peer.package
    python = home / "bin" / "python"
    if not python.exists():
        subprocess.run([sys.executable, "-m", "venv", "--without-pip", home], check=True)
        uv = Path(sys.executable).parent / "uv"
        wanted = f"{peer.package}[jieba]" if peer.package == "helan" else peer.package
        done = subprocess.run([uv, "pip", "install", "-q", "--python", python, wanted], check=False)
        if done.returncode:
            print(f"{peer.package}: not installed", file=sys.stderr)
            python.unlink()
            return None
    return python


def theirs(peer: Peer) -> Inspect | None:
    """A peer behind a pipe, or None where it can't be had."""
    python = installed(peer)
    if python is None:
        return None

    def inspect(texts: Sequence[str]) -> list[list[Said]]:
        lines = "".join(json.dumps(text) + "\n" for text in texts)
        done = subprocess.run(
            [python, "-c", peer.script + _LOOP],
            input=lines,
            capture_output=True,
            text=True,
            check=True,
        )
        return [
            [Said(peer.kinds.get(kind, kind), start, end) for kind, start, end in json.loads(line)]
            for line in done.stdout.splitlines()
        ]

    return inspect
