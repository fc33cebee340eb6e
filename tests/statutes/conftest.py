from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from shenyong.statutes import Corpus, corpus_from

ARCHIVE = Path(__file__).parents[3] / "shared/data/statutes/ChLaw.zip"


@pytest.fixture(scope="session")
def corpus() -> Corpus:
    """The Ministry's own extract: 1,326 statutes."""
    with zipfile.ZipFile(ARCHIVE) as archive:
        return corpus_from(archive.read("ChLaw.json"))
