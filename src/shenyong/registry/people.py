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
    CISO = "ciso"  # 資安長
    DPO = "dpo"  # 個資保護長
    PROCUREMENT = "procurement"  # 採購
    ADMIN = "admin"  # 系統管理


class Agency(msgspec.Struct, frozen=True):
    """An agency; `applicability` is ``mandatory``, ``準用`` (point 9) or ``參照`` (point 10).

    `parent` is the agency above it (院 → 部會 → 所屬), whose rules hold here too; "" at the top.
    """

    id: str
    name_zh: str
    name_en: str
    applicability: str = "mandatory"
    parent: str = ""


class Person(msgspec.Struct, frozen=True):
    """A person of an agency, by a pseudonymous id; the name never enters the ledger.

    `unit` is the section that the person works in (who countersigns whom), `title` the post.
    `also` are further roles. `user_name`, `subject` and `external` are how a directory knows the
    person: SCIM's userName and externalId, and the subject of a sign-in by OIDC. Who is not
    `active` signs in no more, and the person's keys open nothing. `trained_until` is how long the
    person's training counts (UTC in microseconds).
    """

    id: str
    agency: str
    name: str
    role: Role
    unit: str = ""
    title: str = ""
    also: tuple[Role, ...] = ()
    user_name: str = ""
    subject: str = ""
    external: str = ""
    active: bool = True
    trained_until: int = 0

    @property
    def roles(self) -> frozenset[Role]:
        """All roles of the person, without those lent by a delegation."""
        return frozenset((self.role, *self.also))


class Delegation(msgspec.Struct, frozen=True):
    """代理: from `valid_from` to `until` (UTC in microseconds) the deputy has the person's roles.

    Raises ValueError for a delegation to oneself, or one that ends before it begins.
    """

    id: str
    agency: str
    person: str
    deputy: str
    valid_from: int
    until: int
    revoked: bool = False

    def __post_init__(self) -> None:
        """Check what can't be true of any delegation."""
        if self.person == self.deputy:
            raise ValueError("nobody is one's own deputy")
        if self.valid_from >= self.until:
            raise ValueError("a delegation ends after it begins")

    def holds(self, at: int) -> bool:
        """Whether it holds at `at`."""
        return not self.revoked and self.valid_from <= at < self.until


class UseCase(msgspec.Struct, frozen=True):
    """What generative AI is used for: the purpose that the policies see.

    `risk` is the verdict of its assessment (``low``, ``limited``, ``high``; "" before there is
    one), `warning` says that people are warned (人工智慧基本法 17), `review_by` when it is assessed
    again, `ground` the ground for personal data (個資法 15, 16).
    """

    id: str
    agency: str
    title: str
    purpose: Purpose
    active: bool = True
    risk: str = ""
    warning: bool = False
    review_by: int = 0
    ground: str = ""


# guideline: ey-genai-2023:2
class ApiKey(msgspec.Struct, frozen=True):
    """A key: no traffic without an owning official and a use case (domain.md 8.4, A17).

    `secret_digest` is HMAC-SHA256 of the secret; `expires` UTC in microseconds. `models` limits the
    key to these models, empty means all of the agency's. `denial_style` is ``error`` or
    ``message``; `reroute` lets requests be sent to another permitted model by themselves.
    `max_class` is the highest class that it may carry ("" for any), `budget_tokens` and
    `budget_requests` bound a calendar month, `rate` is requests a minute (0: no bound), `contract`
    the contract that it ends with. After a rotation `old_digest` opens too, until `old_until`.
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
    max_class: str = ""
    budget_tokens: int = 0
    budget_requests: int = 0
    contract: str = ""
    old_digest: bytes = b""
    old_until: int = 0
    created: int = 0
    rate: int = 0

    def __post_init__(self) -> None:
        """Raises ValueError for a key without an owner or a use case."""
        if not self.owner or not self.use_case:
            raise ValueError("a key needs an owning person and a use case")
