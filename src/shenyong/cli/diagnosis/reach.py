"""Whether the database answers; if not, why. Nothing is made, and what is started is stopped."""

from __future__ import annotations

import contextlib
import stat
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from psycopg.conninfo import conninfo_to_dict

from shenyong.cli.diagnosis.found import Fault, Place
from shenyong.settings import SettingsError, secret

_REASONS = (
    ("password", "database_password"),
    ("authentication", "database_password"),
    ("does not exist", "database_missing"),
    ("too many clients", "connections_used"),
    ("connection slots", "connections_used"),
    ("certificate", "database_certificate"),
    ("starting up", "database_starting"),
)


@contextlib.contextmanager
def reached(at: Place) -> Iterator[list[Fault]]:
    """Let `at` have the database while it answers; else the faults that keep us out."""
    own = at.settings.database
    with contextlib.ExitStack() as stack:
        if own.data_dir:
            faults = list(_embedded(at, stack))
        elif own.dsn or own.dsn_file:
            faults = list(_named(at))
        else:
            faults = [Fault("database_unnamed", f"$EDITOR {at.file}  # database.data_dir")]
        if not faults:
            faults = list(_connected(at))
        stack.callback(at.close)
        yield faults


def _embedded(at: Place, stack: contextlib.ExitStack) -> Iterator[Fault]:
    from shenyong.cli.database import plain_locale, runtime_folder
    from shenyong.storage.server import EmbeddedServer, ServerError

    folder = Path(at.settings.database.data_dir)
    if not (folder / "PG_VERSION").exists():
        yield Fault("database_new", f"shenyong migrate {at.file}", str(folder))
        return
    if folder.stat().st_mode & 0o077:
        mode = stat.S_IMODE(folder.stat().st_mode)
        yield Fault("database_open", f"chmod 700 {folder}", f"{mode:04o}")
        return
    runtime_folder(folder.parent)
    try:
        with plain_locale():
            server = EmbeddedServer(folder)
    except ServerError:
        yield Fault("database_broken", f"tail {folder}/log", str(folder))
        return
    if not server.joined:
        stack.callback(server.stop)
    at.dsn = server.dsn


def _named(at: Place) -> Iterator[Fault]:
    own = at.settings.database
    try:
        at.dsn = secret(own.dsn, own.dsn_file, "database.dsn").decode().strip()
    except SettingsError as error:
        mend = f"install -m 600 /dev/stdin {own.dsn_file}"
        yield Fault("dsn_unreadable", mend, f"{own.dsn_file}: {error.problems[0].code}")
        return
    if not at.dsn.startswith(("postgresql://", "postgres://")):
        yield Fault("dsn_malformed", f"$EDITOR {own.dsn_file or 'DSN'}", own.dsn_file)


def _connected(at: Place) -> Iterator[Fault]:
    try:
        at.connection.execute("SELECT 1")
    except (psycopg.Error, UnicodeError) as error:
        said = str(error).lower()
        code = next((code for word, code in _REASONS if word in said), "database_down")
        yield Fault(code, _mend(code, at), type(error).__name__)


def _mend(code: str, at: Place) -> str:
    parts = urlsplit(at.dsn)
    host, port = parts.hostname or "localhost", parts.port or 5432
    name = parts.path.lstrip("/") or "shenyong"
    file = at.settings.database.dsn_file or "keys/dsn"
    return {
        "database_password": f"psql -c '\\password {parts.username or ''}'  # {file}",
        "database_missing": f"createdb -h {host} -p {port} {name} && shenyong migrate {at.file}",
        "connections_used": "psql -c 'ALTER SYSTEM SET max_connections = 200'",
        "database_certificate": f"openssl s_client -starttls postgres -connect {host}:{port}",
        "database_starting": f"pg_isready -h {host} -p {port} -t 60",
    }.get(code, f"systemctl start postgresql  # {host}:{port}")


def remote_without_tls(at: Place) -> Iterator[Fault]:
    """Over a network the server must prove who it is."""
    if not at.dsn or at.settings.database.data_dir:
        return
    try:
        parts = conninfo_to_dict(at.dsn)
    except psycopg.ProgrammingError:
        return
    host = str(parts.get("host") or parts.get("hostaddr") or "")
    local = not host or host.startswith(("/", "@")) or host in ("localhost", "127.0.0.1", "::1")
    if not local and parts.get("sslmode") != "verify-full":
        mend = f"sed -i 's#$#?sslmode=verify-full#' {at.settings.database.dsn_file or 'DSN'}"
        yield Fault("database_plain", mend, f"sslmode={parts.get('sslmode') or 'prefer'}")
