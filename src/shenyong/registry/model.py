"""Models, their lineage, and the confirmation of the environment that they run in.

Source: guideline.md readings 3 and 9; domain.md 5.4, 8.3.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from shenyong.guideline.terms import DataClass, Environment

YEAR_US = 366 * 24 * 3600 * 1_000_000
"""A confirmation is valid for a year at most (guideline.md reading 9)."""

BANNED_LINEAGES = frozenset(
    {
        "baichuan", "deepseek", "doubao", "ernie", "glm", "hunyuan", "internlm", "kimi", "minimax",
        "moonshot", "pangu", "qwen", "qwq", "sensenova", "spark", "yi",
    }
)  # fmt: skip
"""Base models of products that endanger national cyber-security (資通安全管理法; domain.md 5.4)."""

BANNED_COUNTRIES = frozenset({"CN", "HK", "MO"})


class Scope(msgspec.Struct, frozen=True):
    """What exactly was confirmed. A change of any part voids the confirmation."""

    host: str  # scheme://host:port of the model's server
    upstream_model: str
    weights_sha256: str
    stack: str  # serving software and version
    segment: str  # network segment


class Model(msgspec.Struct, frozen=True):
    """A registered model. `id` is the public name; `url` the base URL up to ``/v1``."""

    id: str
    url: str
    upstream_model: str
    environment: Environment
    lineage: tuple[str, ...]
    hosting_country: str
    scope: Scope
    banned: bool = False
    secret_env: str = ""  # name of the environment variable that holds the upstream's key


class Confirmation(msgspec.Struct, frozen=True):
    """「須確認系統環境安全性」: who confirmed what, up to which class, until when.

    Times are UTC in microseconds. Raises ValueError if the person who confirmed also approved, if
    there is no evidence, or if it would be valid for more than a year.
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

    def __post_init__(self) -> None:
        """Check what can't be true of any confirmation."""
        if self.confirmed_by == self.approved_by:
            raise ValueError("who confirms an environment does not approve it")
        if not self.evidence:
            raise ValueError("a confirmation needs evidence")
        if not 0 < self.expires - self.valid_from <= YEAR_US:
            raise ValueError("a confirmation is valid for at most a year")

    def covers(self, model: Model, at: int) -> bool:
        """Whether it stands for this very model at this moment."""
        return (
            not self.revoked
            and self.model == model.id
            and self.scope == model.scope
            and self.valid_from <= at < self.expires
        )


# guideline: ey-genai-2023:7
def banned(model: Model) -> bool:
    """Whether the model may not be used at all: by decision, by lineage, or by where it runs."""
    lineage = {name.strip().lower() for name in model.lineage}
    prefixes = tuple(BANNED_LINEAGES)
    return (
        model.banned
        or not lineage
        or any(name.startswith(prefixes) for name in lineage)
        or model.hosting_country.upper() in BANNED_COUNTRIES
    )


# guideline: ey-genai-2023:4
def effective(
    model: Model, confirmations: Sequence[Confirmation], at: int
) -> tuple[Environment, DataClass | None]:
    """The environment that the model is in at `at`, and the highest class confirmed for it.

    E4 and E5 hold only with a valid confirmation of exactly this scope; without one the model is
    on premises and unconfirmed. A banned model is E0.
    """
    if banned(model):
        return Environment.UNREGISTERED, None
    if model.environment not in (Environment.ONPREM_CONFIRMED, Environment.AIRGAPPED):
        return model.environment, None
    valid = [each.max_class for each in confirmations if each.covers(model, at)]
    if not valid:
        return Environment.ONPREM_UNCONFIRMED, None
    return model.environment, max(valid, key=lambda each: each.rank)
