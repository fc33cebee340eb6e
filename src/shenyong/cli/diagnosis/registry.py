"""What may be used, by whom, until when: agencies, models and their environments, keys, rules."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

from shenyong.cli.diagnosis.found import SOON, Fault, Look, Place, days
from shenyong.cli.diagnosis.network import certificate_faults
from shenyong.guideline.terms import Environment
from shenyong.registry import Model, Registry

_CLOSED = (Environment.ONPREM_CONFIRMED, Environment.AIRGAPPED)
_SECONDS = 3.0


def loads(at: Place) -> Iterator[Fault]:
    """The registry does not contradict itself."""
    from shenyong.registry import RegistryError

    try:
        _registry(at)
    except (RegistryError, ValueError) as error:
        mend = f"shenyong restore {at.settings.backup.folder or 'BACKUP'} --verify"
        yield Fault("registry_broken", mend, str(error)[:150])


def _registry(at: Place) -> Registry:
    from shenyong.storage import registry
    from shenyong.storage.migrate import engine_for
    from shenyong.storage.probes import states

    engine = engine_for(at.dsn)
    try:
        with engine.connect() as connection:
            found = registry.load(connection)
    finally:
        engine.dispose()
    required = at.settings.registry.probes == "required"
    return found.with_probes(states(at.connection), required=required)


def empty(at: Place) -> Iterator[Fault]:
    """There is an agency, a model, a use case, and a key that opens something."""
    found = _registry(at)
    if not found.agencies:
        yield Fault("agency_none", f"shenyong agency add ID --name NAME --config {at.file}")
        return
    if not found.models:
        yield Fault("model_none", f"shenyong model add ID --url URL … --config {at.file}")
    if not found.use_cases:
        mend = f"shenyong use-case add ID --title TITLE --config {at.file}"
        yield Fault("use_case_none", mend)
    if not any(not key.revoked and key.expires > at.now for key in found.keys):
        mend = f"shenyong key add ID --owner PERSON --use-case USE --expires DAY --config {at.file}"
        yield Fault("key_none", mend, advice=True)


# guideline: ey-genai-2023:4
def confirmations(at: Place) -> Iterator[Fault]:
    """A closed environment is confirmed, for exactly what runs there, and for a while yet."""
    from shenyong.registry.model import banned, running

    found = _registry(at)
    for model in found.models.values():
        if model.environment not in _CLOSED or banned(model):
            continue
        mend = f"{at.settings.server.url}/office/confirmation"
        mend = f"xdg-open {mend}  # {model.id}"
        own = [each for each in found.confirmations(model.id) if not each.revoked]
        if not own:
            yield Fault("confirmation_none", mend, model.id)
            continue
        here = [each for each in own if each.scope == running(model)]
        if not here:
            yield Fault("confirmation_other", mend, model.id)
            continue
        left = days(max(each.expires for each in here), at.now)
        if left < 0:
            yield Fault("confirmation_ended", mend, f"{model.id}: {-left}")
        elif left < SOON:
            yield Fault("confirmation_ending", mend, f"{model.id}: {left}", {"days": left})


def probes(at: Place) -> Iterator[Fault]:
    """Where a probe is registered, or every environment needs one, it was heard and saw no way
    out."""
    found = _registry(at)
    for model in found.models.values():
        probe = found.probes.get(model.id)
        if probe is None:
            if found.probes_required and model.environment in _CLOSED:
                mend = f"shenyong probe register {model.id} --config {at.file}"
                yield Fault("probe_none", mend, model.id)
        elif probe.failed_at >= probe.passed_at and probe.failed_at:
            yield Fault("probe_failed", "shenyong probe run",
                        f"{model.id}: {', '.join(probe.faults)}")  # fmt: skip
        elif not probe.holds(at.now):
            yield Fault("probe_silent", "systemctl restart shenyong-probe", model.id)


# guideline: ey-genai-2023:7
def products(at: Place) -> Iterator[Fault]:
    """No banned product is registered without an exception that holds."""
    from shenyong.registry.model import banned

    for model in _registry(at).models.values():
        if model.exception is not None and model.exception.expires < at.now:
            mend = f"xdg-open {at.settings.server.url}/office/exemption"
            yield Fault("exception_ended", mend, model.id)
        elif banned(model) and model.exception is None:
            mend = f"shenyong model list --config {at.file}"
            yield Fault("model_banned", mend, model.id, advice=True)


def servers(at: Place) -> Iterator[Fault]:
    """Each model's server answers, with a certificate that holds and the key that it wants."""
    for model in _registry(at).models.values():
        parts = urlsplit(model.url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
        try:
            socket.create_connection((host, port), _SECONDS).close()
        except OSError as error:
            yield Fault("model_silent", f"curl -sv {model.url}/models",
                        f"{model.id}: {host}:{port} {type(error).__name__}")  # fmt: skip
            continue
        if parts.scheme == "https":
            yield from certificate_faults(model.url, at.now)
        yield from _unsafe(at, model, host, parts.scheme)
        if model.secret_env and not os.environ.get(model.secret_env):
            yield Fault("model_secret_none", f"systemctl edit shenyong  # {model.secret_env}",
                        f"{model.id}: {model.secret_env}")  # fmt: skip


def _unsafe(at: Place, model: Model, host: str, scheme: str) -> Iterator[Fault]:
    away = model.environment in (Environment.PUBLIC_CLOUD, Environment.CONTRACTED_CLOUD)
    if scheme == "http" and away and host not in ("127.0.0.1", "localhost", "::1"):
        mend = f"shenyong model add {model.id} --url https://{host}/v1 … --config {at.file}"
        yield Fault("model_plain", mend, f"{model.id}: {host}")


def keys(at: Place) -> Iterator[Fault]:
    """Keys that are in use hold for a while yet, and their owners are here."""
    found = _registry(at)
    for key in found.keys:
        if key.revoked or key.id.startswith("web-"):
            continue
        left = days(key.expires, at.now)
        mend = f"shenyong key rotate {key.id} --config {at.file}"
        if left < 0:
            yield Fault("api_key_ended", f"shenyong key revoke {key.id} --config {at.file}",
                        f"{key.id}: {-left}", advice=True)  # fmt: skip
        elif left < SOON:
            yield Fault("api_key_ending", mend, f"{key.id}: {left}", {"days": left})
        if not found.people[key.owner].active:
            yield Fault("key_owner_gone", f"shenyong key revoke {key.id} --config {at.file}",
                        f"{key.id}: {key.owner}")  # fmt: skip
        if not found.use_case(key.use_case).active:
            yield Fault("key_use_ended", f"shenyong key revoke {key.id} --config {at.file}",
                        f"{key.id}: {key.use_case}")  # fmt: skip
        gone = [name for name in key.models if found.effective(found.models[name], at.now)[0]
                is Environment.UNREGISTERED]  # fmt: skip
        if gone and len(gone) == len(key.models):
            yield Fault("key_models_banned", mend, f"{key.id}: {', '.join(gone)}")


def reviews(at: Place) -> Iterator[Fault]:
    """Uses are assessed again when it is due."""
    for use in _registry(at).use_cases.values():
        if use.active and use.review_by and use.review_by < at.now:
            mend = f"xdg-open {at.settings.server.url}/office/use"
            yield Fault("use_review_due", mend, f"{use.id}: {-days(use.review_by, at.now)}")


def rules(at: Place) -> Iterator[Fault]:
    """The agencies' own rules in the database load, and only tighten."""
    from shenyong.decision import load_agency_pack
    from shenyong.guideline import PackError, load_pack
    from shenyong.storage import registry
    from shenyong.storage.migrate import engine_for

    floor = load_pack(at.settings.policy.pack)
    engine = engine_for(at.dsn)
    try:
        with engine.connect() as connection:
            own = registry.packs(connection, at.now)
    finally:
        engine.dispose()
    for agency, packs in own.items():
        for name, text in packs:
            try:
                load_agency_pack(name, text, floor)
            except PackError as error:
                mend = f"xdg-open {at.settings.server.url}/office/rules"
                yield Fault("rule_broken", mend, f"{agency} {str(error)[:120]}")


LOADS: tuple[Look, ...] = (loads,)
LOOKS: tuple[Look, ...] = (
    empty, confirmations, probes, products, servers, keys, reviews, rules,
)  # fmt: skip
