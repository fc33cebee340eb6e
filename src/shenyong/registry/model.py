"""Models, their lineage, and the confirmation of the environment that they run in.

Source: guideline.md readings 3 and 9; domain.md 5.4, 8.3.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from urllib.parse import urlsplit

import msgspec

from shenyong.guideline.terms import DataClass, Environment
from shenyong.registry.lineage import bans, of_banned_family

_SHA256 = re.compile(r"[0-9a-f]{64}")
_MICRO = 1_000_000


def a_year_after(at: int) -> int:
    """The same day and time a calendar year later, UTC in microseconds (28 Feb after a 29th)."""
    seconds, micro = divmod(at, _MICRO)
    day = datetime.fromtimestamp(seconds, UTC)
    leap_day = (day.month, day.day) == (2, 29)
    later = day.replace(year=day.year + 1, day=28 if leap_day else day.day)
    return int(later.timestamp()) * _MICRO + micro


class Scope(msgspec.Struct, frozen=True):
    """What exactly was confirmed. A change of any part voids the confirmation."""

    host: str  # scheme://host:port of the model's server
    upstream_model: str
    weights_sha256: str
    stack: str  # serving software and version
    segment: str  # network segment


class Exemption(msgspec.Struct, frozen=True):
    """專案使用: why a product of a risky maker may be used all the same, and until when.

    Approved by the agency's 資安長 and by the competent authority, whose letter is named, and
    only where there is no alternative (資通安全管理法; domain.md 5.4). It lifts nothing of points 3
    and 4.
    """

    reason: str
    ciso: str
    authority_letter: str
    expires: int


class Model(msgspec.Struct, frozen=True):
    """A registered model. `id` is the public name; `url` the base URL up to ``/v1``.

    `vendor`, its country, the entity that controls it and the `licence` are for the register of
    products; `exception` is what the law wants where a product would be banned.
    """

    id: str
    url: str
    upstream_model: str
    environment: Environment
    lineage: tuple[str, ...]
    hosting_country: str
    scope: Scope
    banned: bool = False
    secret_env: str = ""  # name of the environment variable that holds the upstream's key
    vendor: str = ""
    vendor_country: str = ""
    controlling_entity: str = ""
    licence: str = ""
    exception: Exemption | None = None

    def __post_init__(self) -> None:
        """Raises ValueError for a base URL that isn't plain http or https."""
        origin(self.url)
        parts = urlsplit(self.url)
        if parts.username or parts.password or parts.query or parts.fragment:
            raise ValueError("a model's URL has no credentials, query or fragment")


def origin(url: str) -> str:
    """``scheme://host:port`` of a URL, the port always written.

    Raises ValueError if it is no http or https URL with a host.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("not an http or https URL")
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{parts.hostname}:{port}"


@cache
def running(model: Model) -> Scope:
    """What a confirmation must cover: the declared scope, at the place that is really called.

    So a record that declares one host and calls another is never confirmed.
    """
    return msgspec.structs.replace(
        model.scope, host=origin(model.url), upstream_model=model.upstream_model
    )


class Confirmation(msgspec.Struct, frozen=True):
    """「須確認系統環境安全性」: who confirmed what, up to which class, until when.

    Times are UTC in microseconds. `max_class` is D1 to D6: 絕對機密 may not be copied, so no
    environment can be confirmed for it (國家機密保護法 15 III). E5 needs `air_gapped` and the
    reference of an `approved_crypto` (國家機密保護法施行細則 28 I ④).

    Raises ValueError if the person who confirmed also approved, if there is no evidence, if the
    scope is not complete, or if it would be valid for more than a year.
    """

    id: str
    model: str
    scope: Scope
    max_class: DataClass
    evidence: tuple[str, ...]
    confirmed_by: str
    approved_by: str
    valid_from: int
    expires: int
    revoked: bool = False
    air_gapped: bool = False
    approved_crypto: str = ""

    def __post_init__(self) -> None:
        """Check what can't be true of any confirmation."""
        if not self.confirmed_by or not self.approved_by:
            raise ValueError("a confirmation names who confirmed and who approved")
        if self.confirmed_by == self.approved_by:
            raise ValueError("who confirms an environment does not approve it")
        if not any(reference.strip() for reference in self.evidence):
            raise ValueError("a confirmation needs evidence")
        if not DataClass.UNRELEASED.rank <= self.max_class.rank <= DataClass.SECRET.rank:
            raise ValueError("a confirmation covers D1 to D6")
        scope = self.scope
        if not (scope.host and scope.upstream_model and scope.stack and scope.segment):
            raise ValueError("a confirmation says exactly what was confirmed")
        if not _SHA256.fullmatch(scope.weights_sha256):
            raise ValueError("a confirmation names the weights by their sha256")
        if not self.valid_from < self.expires <= a_year_after(self.valid_from):
            raise ValueError("a confirmation is valid for at most a year")

    def covers(self, model: Model, at: int) -> bool:
        """Whether it stands for this very model at this moment."""
        return (
            not self.revoked
            and self.model == model.id
            and self.scope == running(model)
            and self.valid_from <= at < self.expires
        )


@cache
def descent(model: Model) -> frozenset[str]:
    """The declared lineage in lower case, as an agency's rules compare it."""
    return frozenset(name.strip().lower() for name in model.lineage if name.strip())


# guideline: ey-genai-2023:7
@cache
def banned(model: Model) -> bool:
    """Whether the model may not be used at all: by decision, by lineage, or by where it runs.

    A model of unknown lineage or hosting is treated as banned. The declared lineage counts, and so
    does a name that gives a banned family away, whatever lineage was declared.
    """
    lineage = [name.strip() for name in model.lineage if name.strip()]
    country = model.hosting_country.strip().upper()
    return (
        model.banned
        or not lineage
        or not country
        or country in bans().countries
        or any(of_banned_family(name, declared=True) for name in lineage)
        or any(of_banned_family(name, declared=False) for name in (model.id, model.upstream_model))
    )


# guideline: ey-genai-2023:7
def exempted(model: Model, at: int) -> bool:
    """Whether a banned product may be used by an exception of the law, as the open is used."""
    return model.exception is not None and at < model.exception.expires


# guideline: ey-genai-2023:4
def effective(
    model: Model, confirmations: Sequence[Confirmation], at: int
) -> tuple[Environment, DataClass | None]:
    """The environment that the model is in at `at`, and the highest class confirmed for it.

    E4 and E5 hold only with a valid confirmation of exactly this scope; without one the model is
    on premises and unconfirmed. E5 without an air gap confirmed is E4. A banned model is E0.
    """
    if banned(model):
        if not exempted(model, at):
            return Environment.UNREGISTERED, None
        return Environment.PUBLIC_CLOUD, None  # no confirmation makes a risky product closed
    if model.environment not in (Environment.ONPREM_CONFIRMED, Environment.AIRGAPPED):
        return model.environment, None
    valid = [each for each in confirmations if each.covers(model, at)]
    if not valid:
        return Environment.ONPREM_UNCONFIRMED, None
    if model.environment is Environment.AIRGAPPED:
        closed_off = [each for each in valid if each.air_gapped and each.approved_crypto]
        if closed_off:
            return Environment.AIRGAPPED, _highest(closed_off)
    return Environment.ONPREM_CONFIRMED, _highest(valid)


def _highest(confirmations: Sequence[Confirmation]) -> DataClass:
    return max((each.max_class for each in confirmations), key=lambda each: each.rank)
