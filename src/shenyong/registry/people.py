"""Agencies, the people in them, what AI is used for, and the keys bound to both."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from shenyong.guideline.terms import Actor, Purpose


class Role(StrEnum):
    """What a person does in an agency (ux.md 1)."""

    OFFICIAL = "official"  # 業務承辦人
    SUPERVISOR = "supervisor"  # 主管
    AUDITOR = "auditor"  # 稽核、政風
    OPERATOR = "operator"  # 資訊人員


class Agency(msgspec.Struct, frozen=True):
    """An agency; `applicability` is ``mandatory``, ``準用`` (point 9) or ``參照`` (point 10)."""

    id: str
    name_zh: str
    name_en: str
    applicability: str = "mandatory"


class Person(msgspec.Struct, frozen=True):
    """A person of an agency, by a pseudonymous id; the name never enters the ledger.

    `unit` is the section that the person works in (who countersigns whom), `title` the post.
    """

    id: str
    agency: str
    name: str
    role: Role
    unit: str = ""
    title: str = ""


class UseCase(msgspec.Struct, frozen=True):
    """What generative AI is used for: the purpose that the policies see."""

    id: str
    agency: str
    title: str
    purpose: Purpose


# guideline: ey-genai-2023:2
class ApiKey(msgspec.Struct, frozen=True):
    """A key: no traffic without an owning official and a use case (domain.md 8.4, A17).

    `secret_digest` is HMAC-SHA256 of the secret; `expires` UTC in microseconds. `models` limits the
    key to these models, empty means all of the agency's. `denial_style` is ``error`` or
    ``message``; `reroute` lets requests be sent to another permitted model by themselves.
    """

    id: str
    agency: str
    owner: str
    use_case: str
    actor: Actor
    secret_digest: bytes
    expires: int
    revoked: bool = False
    denial_style: str = "error"
    reroute: bool = False
    models: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Raises ValueError for a key without an owner or a use case."""
        if not self.owner or not self.use_case:
            raise ValueError("a key needs an owning person and a use case")
