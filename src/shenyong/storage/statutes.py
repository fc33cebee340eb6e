"""The statutes in the database: the Ministry's archive, packed, with its date and digest.

Replaced whole by each import; kept here so that a backup of the database holds it too.
"""

from __future__ import annotations

import hashlib
import zlib
from typing import NamedTuple

import psycopg

from shenyong.statutes import Corpus, corpus_from

_PUT = """
INSERT INTO statutes (one, as_of, sha256, laws, body, imported)
VALUES (true, %s, %s, %s, %s, %s)
ON CONFLICT (one) DO UPDATE SET as_of = excluded.as_of, sha256 = excluded.sha256,
  laws = excluded.laws, body = excluded.body, imported = excluded.imported
"""
_ABOUT = "SELECT as_of, sha256, laws, imported FROM statutes"
_BODY = "SELECT body FROM statutes"


class Imported(NamedTuple):
    """What is there: the data's date (ISO), its SHA-256, how many laws, when it was imported."""

    as_of: str
    sha256: str
    laws: int
    imported: int


def put(connection: psycopg.Connection[tuple[object, ...]], archive: bytes, at: int) -> Imported:
    """Replace the statutes by those of an archive (``ChLaw.json``).

    Raises:
        CorpusError: it isn't one; what was there stays.
    """
    corpus = corpus_from(archive)
    about = Imported(corpus.as_of, hashlib.sha256(archive).hexdigest(), len(corpus.laws), at)
    packed = zlib.compress(archive, 6)
    connection.execute(_PUT, [about.as_of, about.sha256, about.laws, packed, at])
    return about


def about(connection: psycopg.Connection[tuple[object, ...]]) -> Imported | None:
    """What is there; None if nothing was imported."""
    row = connection.execute(_ABOUT).fetchone()
    return Imported(*row) if row else None  # type: ignore[arg-type]


def load(connection: psycopg.Connection[tuple[object, ...]]) -> Corpus | None:
    """The statutes; None if nothing was imported."""
    row = connection.execute(_BODY).fetchone()
    if row is None:
        return None
    body = row[0]
    assert isinstance(body, bytes)
    return corpus_from(zlib.decompress(body))
