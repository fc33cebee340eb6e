"""The keys with which the workbench asks models for a person: derived, so stored nowhere. Pure."""

from __future__ import annotations

import hashlib

from shenyong.gateway.worker import derived
from shenyong.guideline.terms import Actor, Purpose
from shenyong.registry import ApiKey, Person, Role, UseCase, secret_digest

DRAFTING = (Role.OFFICIAL, Role.SUPERVISOR)
"""Roles that have matters of their own."""
_PURPOSES = {False: Purpose.GENERAL, True: Purpose.PRODUCE_CLASSIFIED}


def key_id(person: str, *, classified: bool = False) -> str:
    """The id of a person's key; `classified` is that of matters that no model may draft."""
    name = hashlib.sha256(person.encode()).hexdigest()[:20]
    return f"web{'c' if classified else 'g'}{name}"


def use_key_id(person: str, use_case: str) -> str:
    """The id of a person's key for an assessed use of the agency's."""
    name = hashlib.sha256(f"{person}\0{use_case}".encode()).hexdigest()[:20]
    return f"webu{name}"


def key_secret(pepper: bytes, key: str) -> str:
    """A key's secret."""
    return derived(pepper, "web-key", key).hex()


def use_case_id(agency: str, *, classified: bool = False) -> str:
    """The use case under which an agency's workbench asks."""
    return f"web-{'classified' if classified else 'drafting'}-{agency}"


def drafting_keys(person: Person, pepper: bytes, expires: int) -> tuple[UseCase | ApiKey, ...]:
    """What the registry has to hold so that a person can draft: two use cases, two keys.

    Empty for who has no matters. `expires` is in microseconds UTC.
    """
    if person.role not in DRAFTING:
        return ()
    found: list[UseCase | ApiKey] = []
    for classified, purpose in _PURPOSES.items():
        case = use_case_id(person.agency, classified=classified)
        words = "機密文書（不得使用）" if classified else "工作台撰擬"
        name = key_id(person.id, classified=classified)
        found.append(UseCase(case, person.agency, words, purpose))
        found.append(
            ApiKey(
                id=name,
                agency=person.agency,
                owner=person.id,
                use_case=case,
                actor=Actor.OFFICIAL_NEED_TO_KNOW,
                secret_digest=secret_digest(key_secret(pepper, name), pepper),
                expires=expires,
            )
        )
    return tuple(found)


def use_key(person: Person, use: UseCase, pepper: bytes, expires: int) -> ApiKey:
    """The key with which the workbench asks for a person's matters of an assessed use."""
    name = use_key_id(person.id, use.id)
    return ApiKey(
        id=name,
        agency=person.agency,
        owner=person.id,
        use_case=use.id,
        actor=Actor.OFFICIAL_NEED_TO_KNOW,
        secret_digest=secret_digest(key_secret(pepper, name), pepper),
        expires=expires,
    )
