"""``python -m fuzz TARGET [--seconds N]``: coverage-guided fuzzing with atheris.

Targets: ``text`` (reading, inspection and redaction of a request's strings), ``json`` (the doors'
reading of bodies), ``documents`` (every format of files). A crash, two seconds of processor time or
an offset outside its text ends the run with the input that did it, in ``fuzz/found``. The corpus in
``fuzz/corpus`` is kept and grows; ``--replay`` only runs it once, as the tests do.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
CORPUS = HERE / "corpus"
STUCK_SECONDS = 30


def main() -> None:
    """Fuzz one target."""
    options = argparse.ArgumentParser(prog="python -m fuzz", description=__doc__)
    options.add_argument("target")
    options.add_argument("--seconds", type=int, default=60)
    options.add_argument("--replay", action="store_true")
    chosen = options.parse_args()
    os.environ["OPENBLAS_NUM_THREADS"] = "1"
    if chosen.replay:
        from fuzz.targets import TARGETS

        for file in sorted((CORPUS / chosen.target).iterdir()):
            TARGETS[chosen.target](file.read_bytes())
        return
    import atheris

    with atheris.instrument_imports(include=["shenyong"]):
        from fuzz.targets import TARGETS, seeds, warm
    warm()
    folder = CORPUS / chosen.target
    folder.mkdir(parents=True, exist_ok=True)
    (HERE / "found").mkdir(exist_ok=True)
    for name, data in seeds(chosen.target).items():
        (folder / name).write_bytes(data)
    arguments = [
        sys.argv[0],
        str(folder),
        f"-max_total_time={chosen.seconds}",
        f"-timeout={STUCK_SECONDS}",
        "-rss_limit_mb=3000",
        "-max_len=60000",
        f"-artifact_prefix={HERE / 'found'}/{chosen.target}-",
        "-print_final_stats=1",
    ]
    atheris.Setup(arguments, TARGETS[chosen.target])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
