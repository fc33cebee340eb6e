"""Inspection in milliseconds per 1,000 characters, beside presidio-analyzer's patterns."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

from bench.prompts import letter
from bench.servers import WORK

_DENSE = (
    "陳情人王小明，身分證字號A123456789，電話0912-345-678，住臺北市中正區仁愛路一段1號，"
    "電子信箱wang@example.com，反映路燈不亮。"
)
_PRESIDIO = """
import json, statistics, sys, time
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

class Nothing(NlpEngine):
    engine_name = "none"
    def load(self): pass
    def is_loaded(self): return True
    def process_text(self, text, language):
        return NlpArtifacts([], [], [], [], self, language)
    def process_batch(self, texts, language, **_):
        for text in texts: yield text, self.process_text(text, language)
    def is_stopword(self, word, language): return False
    def is_punct(self, word, language): return False
    def get_supported_entities(self): return []
    def get_supported_languages(self): return ["en"]

registry = RecognizerRegistry(supported_languages=["en"])
registry.load_predefined_recognizers(languages=["en"])
registry.recognizers = [each for each in registry.recognizers if "Spacy" not in type(each).__name__]
engine = AnalyzerEngine(registry=registry, nlp_engine=Nothing(), supported_languages=["en"])
for name, text in json.load(sys.stdin).items():
    found = sorted({each.entity_type for each in engine.analyze(text, "en")})
    times = []
    for _ in range(30):
        begin = time.perf_counter()
        engine.analyze(text, "en")
        times.append(time.perf_counter() - begin)
    print(json.dumps([name, statistics.median(times) / len(text) * 1e6, found]))
"""


def _texts() -> dict[str, str]:
    plain = "".join(letter(seed) for seed in range(6))[:1000]
    dense = (_DENSE + letter(1)) * 3
    return {"official text, nothing to find": plain, "text dense with personal data": dense[:1000]}


def _median_ms(call: Callable[[int], object], size: int, rounds: int) -> float:
    """Milliseconds per 1,000 characters: the median of `rounds`."""
    times = []
    for number in range(rounds):
        begin = time.perf_counter()
        call(number)
        times.append(time.perf_counter() - begin)
    return statistics.median(times) / size * 1e6


def inspecting() -> str:
    """A Markdown table; presidio is installed into ``.bench/`` for it."""
    from shenyong.inspection.inspector import Inspector
    from shenyong.reading import Source, read

    inspector = Inspector()
    rows: list[tuple[str, str, float, str]] = []
    for name, text in _texts().items():
        size = len(text)

        def whole(number: int, text: str = text) -> object:
            return inspector.inspect(read([Source("m", f"{number}{text}")]))

        whole(0)
        reading = _median_ms(lambda n, text=text: read([Source("m", f"{n}{text}")]), size, 300)
        found = inspector.inspect(read([Source("m", text)]))
        kinds = ", ".join(sorted({each.kind for each in found})) or "nothing"
        rows.append((name, "Shenyong, reading alone", reading, ""))
        rows.append(
            (name, "Shenyong, reading and all detectors", _median_ms(whole, size, 300), kinds)
        )
    for name, milliseconds, found_there in _presidio():
        label = "presidio-analyzer, patterns only"
        rows.append((name, label, milliseconds, ", ".join(found_there) or "nothing"))
    out = ["| text | inspector | ms per 1,000 characters | finds |", "|---|---|---|---|"]
    return "\n".join(out + [f"| {a} | {b} | {c:.3f} | {d} |" for a, b, c, d in rows])


def _presidio() -> list[tuple[str, float, list[str]]]:
    venv = WORK / "presidio"
    python = venv / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
            subprocess.run(
                [str(python), "-m", "pip", "install", "-q", "presidio-analyzer"],
                check=True,
                stderr=subprocess.DEVNULL,
            )
        done = subprocess.run(
            [str(python), "-c", _PRESIDIO],
            input=json.dumps(_texts()),
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
    except (OSError, subprocess.SubprocessError) as error:
        print(f"presidio-analyzer: not measured ({type(error).__name__})", flush=True)
        return []
    found = []
    for line in done.stdout.splitlines():
        if line.startswith("["):
            name, milliseconds, kinds = json.loads(line)
            found.append((name, milliseconds, kinds))
    return found
