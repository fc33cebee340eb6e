"""Files that were uploaded to be referred to: what was read of them, sealed, for a day.

Only the words are kept, never the bytes, encrypted under a key of the agency (ChaCha20-Poly1305,
RFC 8439; the file's id and its key's id are bound in), and deleted when they expire. A file belongs
to the API key that brought it: no other key sees that it exists.
"""

from __future__ import annotations

# guideline: ey-genai-2023:4
import asyncio
import os
import re
from typing import Any, NamedTuple

import msgspec
import psycopg
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from shenyong.reading.documents import Document
from shenyong.storage.ledger import LedgerUnavailableError

KEPT_SECONDS = 24 * 3600
"""How long a file may be referred to."""
MOST = 200
"""Files that one key may have at a time."""
_NONCE = 12
_PUT = """
INSERT INTO uploaded_file (id, agency, key, sealed, bytes, purpose, created, expires)
SELECT %s, %s, %s, %s, %s, %s, %s, %s
WHERE (SELECT count(*) FROM uploaded_file WHERE key = %s AND expires > %s) < %s
"""
_GET = "SELECT id, agency, sealed, bytes, purpose, created, expires FROM uploaded_file "
_ONE = _GET + "WHERE id = %s AND key = %s AND expires > %s"
_LIST = _GET + "WHERE key = %s AND expires > %s ORDER BY created DESC, id"
_DELETE = "DELETE FROM uploaded_file WHERE id = %s AND key = %s"
_FORGET = "DELETE FROM uploaded_file WHERE expires <= %s"
_ID = re.compile(r"file-[0-9a-f]{36}")
_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(Document).decode


class StoredFile(msgspec.Struct, frozen=True):
    """A file as it is kept. `size` in bytes of what was uploaded; times in seconds since 1970."""

    id: str
    purpose: str
    size: int
    created: int
    expires: int
    document: Document

    @property
    def name(self) -> str:
        """The file's own name."""
        return next((part.text for part in self.document.parts if part.path == "name"), "")


class Owner(NamedTuple):
    """Whose file it is: the agency's id and the key's."""

    agency: str
    key: str


class Files:
    """One worker's access. `keys` gives an agency's 32 bytes; `timeout` in seconds."""

    def __init__(self, dsn: str, keys: Any, *, timeout: float = 5.0) -> None:
        self._dsn, self._keys, self._timeout = dsn, keys, timeout

    async def put(
        self, owner: Owner, purpose: str, document: Document, size: int, now: int
    ) -> StoredFile | None:
        """Keep a document; None where the key has too many.

        Raises:
            LedgerUnavailableError: the database does not answer.
        """
        agency, key = owner
        kept = StoredFile(f"file-{os.urandom(18).hex()}", purpose, size, now, now + KEPT_SECONDS,
                          document)  # fmt: skip
        nonce = os.urandom(_NONCE)
        bound = f"{kept.id}\0{key}".encode()
        sealed = nonce + self._cipher(agency).encrypt(nonce, _encode(document), bound)
        values = (kept.id, agency, key, sealed, size, purpose, now, kept.expires, key, now, MOST)
        done, _ = await self._execute(_PUT, values)
        return kept if done else None

    async def get(self, key: str, file: str, now: int) -> StoredFile | None:
        """The key's file of that id; None if it has none such, or it has expired."""
        if not _ID.fullmatch(file):  # never one of ours, nor anything that a column could hold
            return None
        _, rows = await self._execute(_ONE, (file, key, now))
        return self._opened(rows[0], key) if rows else None

    async def listed(self, key: str, now: int) -> list[StoredFile]:
        """The key's files, the newest first."""
        _, rows = await self._execute(_LIST, (key, now))
        return [each for row in rows if (each := self._opened(row, key)) is not None]

    async def delete(self, key: str, file: str) -> bool:
        """Delete the key's file; whether there was one."""
        if not _ID.fullmatch(file):
            return False
        done, _ = await self._execute(_DELETE, (file, key))
        return done > 0

    async def forget_expired(self, now: int) -> None:
        """Delete what has expired."""
        await self._execute(_FORGET, (now,))

    def _cipher(self, agency: str) -> ChaCha20Poly1305:
        return ChaCha20Poly1305(self._keys(agency))

    def _opened(self, row: tuple[Any, ...], key: str) -> StoredFile | None:
        file, agency, sealed, size, purpose, created, expires = row
        try:
            text = self._cipher(agency).decrypt(
                sealed[:_NONCE], sealed[_NONCE:], f"{file}\0{key}".encode()
            )
        except InvalidTag:
            return None  # somebody changed it in the database, or the key was replaced
        return StoredFile(file, purpose, size, created, expires, _decode(text))

    async def _execute(
        self, statement: str, values: tuple[object, ...]
    ) -> tuple[int, list[tuple[Any, ...]]]:
        try:
            async with asyncio.timeout(self._timeout):
                connection = await psycopg.AsyncConnection.connect(self._dsn, autocommit=True)
                async with connection:
                    cursor = await connection.execute(statement.encode(), values)
                    rows = await cursor.fetchall() if cursor.description else []
                    return cursor.rowcount, rows
        except (psycopg.Error, OSError, TimeoutError):
            raise LedgerUnavailableError from None
