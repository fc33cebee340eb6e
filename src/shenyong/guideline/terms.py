"""The guideline's vocabulary: the closed sets that every room shares.

Source: guideline.md (readings) and domain.md 2.7 and 8.1. The short codes (``D2``, ``E4``) are
what travels on the wire and stands in the ledger; they never change meaning within a pack.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum


class DataClass(StrEnum):
    """What kind of information a passage holds (domain.md 2.7).

    The classes are tags, joined by union; `rank` orders them only for comparing with the
    highest class that an environment's confirmation covers.
    """

    PUBLIC = "D0"
    UNRELEASED = "D1"
    PERSONAL = "D2"
    PERSONAL_SPECIAL = "D3"
    RESTRICTED = "D4"  # 密, and what law or contract keeps secret
    CONFIDENTIAL = "D5"  # 機密
    SECRET = "D6"  # 極機密  # noqa: S105
    TOP_SECRET = "D7"  # 絕對機密  # noqa: S105

    @property
    def rank(self) -> int:
        """Position in the order D0 < … < D7."""
        return int(self.value[1])


class Environment(StrEnum):
    """Where a model runs (domain.md 8.1)."""

    UNREGISTERED = "E0"  # unregistered or banned
    PUBLIC_CLOUD = "E1"
    CONTRACTED_CLOUD = "E2"
    ONPREM_UNCONFIRMED = "E3"
    ONPREM_CONFIRMED = "E4"
    AIRGAPPED = "E5"


class Purpose(StrEnum):
    """What the request is for (domain.md 8.1)."""

    PRODUCE_CLASSIFIED = "produce_classified"
    USE_CLASSIFIED_OTHER = "use_classified_other"
    PRODUCE_DOCUMENT = "produce_document"
    ADMINISTRATIVE_ACT_SUPPORT = "administrative_act_support"
    PUBLIC_SERVICE = "public_service"
    GENERAL = "general"


class Actor(StrEnum):
    """Who asks (domain.md 8.1)."""

    OFFICIAL_NEED_TO_KNOW = "official_need_to_know"
    OFFICIAL_NO_NEED = "official_no_need"
    CONTRACTOR = "contractor"
    APPLICATION = "application"
    CITIZEN = "citizen"


class Likelihood(StrEnum):
    """How likely a question touches what must not be asked (point 4; domain.md 4.5)."""

    NONE = "none"
    POSSIBLE = "possible"
    LIKELY = "likely"


class Verdict(IntEnum):
    """The four verdicts in order of strictness (design.md, Words)."""

    ALLOW = 0
    REDACT = 1
    APPROVE = 2
    DENY = 3

    @property
    def word(self) -> str:
        """The verdict as it stands on the wire: ``allow``, ``redact``, ``approve``, ``deny``."""
        return self.name.lower()
