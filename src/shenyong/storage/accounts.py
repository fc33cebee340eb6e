"""People's accounts and sessions: passwords by Argon2id, TOTP, passkeys, a lock after failures.

A session is known by the digest of a random token, which only the browser has. Source: domain.md
5.2 (存取控制, 識別與鑑別); OWASP (Argon2id).
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from typing import NamedTuple

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from shenyong.storage.pool import Pool

_HASHER = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)  # OWASP's second choice
_NOBODY = _HASHER.hash(secrets.token_hex(16))  # so that an unknown name takes as long as a known
FAILURES = 5
LOCK_SECONDS = 15 * 60
_GET = "SELECT password, totp, failures, locked_until, disabled FROM account WHERE person = %s"
_PUT = """
INSERT INTO account (person, password, totp, failures, locked_until, changed, disabled)
VALUES (%s, %s, NULL, 0, 0, %s, false)
ON CONFLICT (person) DO UPDATE SET password = excluded.password, failures = 0, locked_until = 0,
  changed = excluded.changed
"""
_FAILED = """
UPDATE account SET
  failures = CASE WHEN failures + 1 >= %(most)s THEN 0 ELSE failures + 1 END,
  locked_until = CASE WHEN failures + 1 >= %(most)s THEN %(until)s ELSE locked_until END
WHERE person = %(person)s AND locked_until <= %(now)s RETURNING locked_until
"""
_RIGHT = "UPDATE account SET failures = 0 WHERE person = %s AND locked_until <= %s"
_TOTP = "UPDATE account SET totp = %s WHERE person = %s"
_END_ALL = "DELETE FROM web_session WHERE person = %s AND digest <> %s"
_BEGIN = """
INSERT INTO web_session (digest, person, csrf, created, seen, state) VALUES (%s, %s, %s, %s, %s, %s)
"""
_SESSION = "SELECT person, csrf, created, seen, state FROM web_session WHERE digest = %s FOR UPDATE"
_SEEN = "UPDATE web_session SET seen = %s WHERE digest = %s"
_STATE = "UPDATE web_session SET state = %s WHERE digest = %s"
_END = "DELETE FROM web_session WHERE digest = %s"
_FORGET = "DELETE FROM web_session WHERE seen < %s OR created < %s"
_PASSKEYS = (
    "SELECT id, public_key, count, name, created FROM passkey WHERE person = %s ORDER BY created"
)
_PASSKEY = "SELECT person, public_key, count FROM passkey WHERE id = %s"
_ADD_PASSKEY = """
INSERT INTO passkey (id, person, public_key, count, name, created) VALUES (%s, %s, %s, %s, %s, %s)
"""
_COUNT = "UPDATE passkey SET count = %s WHERE id = %s AND (count < %s OR count = 0)"
_DROP_PASSKEY = "DELETE FROM passkey WHERE id = %s AND person = %s"


class Checked(NamedTuple):
    """What a password was worth: `right`, whether a second factor is wanted, locked until when.

    `totp` is the sealed secret of the second factor, None if there is none.
    """

    right: bool
    totp: bytes | None = None
    locked_until: int = 0


class Session(NamedTuple):
    """A session. Times in seconds since 1970; `state` is small and ours (a challenge, a notice)."""

    person: str | None
    csrf: str
    created: int
    seen: int
    state: str


class Passkey(NamedTuple):
    """A WebAuthn credential."""

    id: bytes
    public_key: bytes
    uses: int
    name: str
    created: int


def token_digest(token: str) -> bytes:
    """What is kept of a session's token: it has 256 random bits, so a plain hash is enough."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


class Accounts:
    """Access to accounts and sessions."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def set_password(self, person: str, password: str, now: int) -> None:
        """Give a person a password; makes the account if there is none."""
        hashed = await asyncio.to_thread(_HASHER.hash, password)
        async with self._pool.transaction() as connection:
            await connection.execute(_PUT, [person, hashed, now])

    async def check(self, person: str, password: str, now: int) -> Checked:
        """Whether the password is right. Wrong ones count, also while another is being checked."""
        async with self._pool.transaction() as connection:
            row = await (await connection.execute(_GET, [person])).fetchone()
        known = str(row[0]) if row else _NOBODY
        right = await asyncio.to_thread(_verified, known, password)
        if row is None or row[4]:
            return Checked(False)
        until = int(str(row[3]))
        if until > now:
            return Checked(False, None, until)
        if not right:
            return await self.failed(person, now)
        totp = row[1]
        assert totp is None or isinstance(totp, bytes)
        return Checked(True, totp)

    async def failed(self, person: str, now: int) -> Checked:
        """A wrong password or second factor: the fifth locks for a quarter of an hour."""
        values = {"most": FAILURES, "until": now + LOCK_SECONDS, "person": person, "now": now}
        async with self._pool.transaction() as connection:
            row = await (await connection.execute(_FAILED, values)).fetchone()
        until = int(str(row[0])) if row else now + LOCK_SECONDS
        return Checked(False, None, until if until > now else 0)

    async def succeeded(self, person: str, now: int) -> None:
        """All factors were right: what failed before is forgotten."""
        async with self._pool.transaction() as connection:
            await connection.execute(_RIGHT, [person, now])

    async def locked_until(self, person: str) -> int:
        """Until when the account is locked, in seconds since 1970; 0 if it isn't there."""
        async with self._pool.transaction() as connection:
            row = await (await connection.execute(_GET, [person])).fetchone()
        return int(str(row[3])) if row else 0

    async def totp(self, person: str) -> bytes | None:
        """The sealed secret of the second factor."""
        async with self._pool.transaction() as connection:
            row = await (await connection.execute(_GET, [person])).fetchone()
        found = row[1] if row else None
        assert found is None or isinstance(found, bytes)
        return found

    async def set_totp(self, person: str, sealed: bytes | None) -> None:
        """Set or take away the second factor."""
        async with self._pool.transaction() as connection:
            await connection.execute(_TOTP, [sealed, person])

    async def begin(self, person: str | None, now: int, state: str = "") -> tuple[str, str]:
        """A new session; its token and its token against forged requests."""
        token, csrf = secrets.token_urlsafe(32), secrets.token_urlsafe(24)
        async with self._pool.transaction() as connection:
            values = [token_digest(token), person, csrf, now, now, state]
            await connection.execute(_BEGIN, values)
        return token, csrf

    async def session(self, token: str, now: int, *, idle: int, whole: int) -> Session | None:
        """The session of a token, if it is neither idle nor too old (seconds)."""
        digest = token_digest(token)
        async with self._pool.transaction() as connection:
            row = await (await connection.execute(_SESSION, [digest])).fetchone()
            if row is None:
                return None
            session = Session(*row)  # type: ignore[arg-type]
            if now - session.seen > idle or now - session.created > whole:
                await connection.execute(_END, [digest])
                return None
            if now - session.seen > 15:
                await connection.execute(_SEEN, [now, digest])
        return session

    async def keep(self, token: str, state: str) -> None:
        """Keep a little state with the session."""
        async with self._pool.transaction() as connection:
            await connection.execute(_STATE, [state, token_digest(token)])

    async def end(self, token: str) -> None:
        """Sign out."""
        async with self._pool.transaction() as connection:
            await connection.execute(_END, [token_digest(token)])

    async def end_others(self, person: str, token: str) -> None:
        """End every other session of a person (a new password, a new factor)."""
        async with self._pool.transaction() as connection:
            await connection.execute(_END_ALL, [person, token_digest(token)])

    async def forget(self, now: int, *, idle: int, whole: int) -> None:
        """Delete sessions that are over."""
        async with self._pool.transaction() as connection:
            await connection.execute(_FORGET, [now - idle, now - whole])

    async def passkeys(self, person: str) -> list[Passkey]:
        """A person's passkeys."""
        async with self._pool.transaction() as connection:
            rows = await (await connection.execute(_PASSKEYS, [person])).fetchall()
        return [Passkey(*row) for row in rows]  # type: ignore[arg-type]

    async def passkey(self, credential: bytes) -> tuple[str, bytes, int] | None:
        """Whose a passkey is, its public key, and its counter."""
        async with self._pool.transaction() as connection:
            row = await (await connection.execute(_PASSKEY, [credential])).fetchone()
        return row if row else None  # type: ignore[return-value]

    async def add_passkey(self, person: str, passkey: Passkey) -> None:
        """Register a passkey."""
        values = (passkey.id, person, passkey.public_key, passkey.uses, passkey.name)
        async with self._pool.transaction() as connection:
            await connection.execute(_ADD_PASSKEY, [*values, passkey.created])

    async def used_passkey(self, credential: bytes, count: int) -> bool:
        """Note its counter; False if it did not grow (a cloned key)."""
        async with self._pool.transaction() as connection:
            cursor = await connection.execute(_COUNT, [count, credential, count])
            return cursor.rowcount > 0

    async def drop_passkey(self, person: str, credential: bytes) -> bool:
        """Take a person's passkey away."""
        async with self._pool.transaction() as connection:
            return (await connection.execute(_DROP_PASSKEY, [credential, person])).rowcount > 0


def _verified(known: str, password: str) -> bool:
    try:
        return _HASHER.verify(known, password)
    except (VerifyMismatchError, VerificationError, InvalidHashError):
        return False
