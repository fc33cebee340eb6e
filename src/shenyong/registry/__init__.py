"""Who and what may take part: agencies, people, keys, use cases, models and their confirmations.

What it is for: points 4 (a closed environment whose security has been confirmed, by level), 7 (no
banned products; lineage counts, not the brand) and 2 (every key is bound to an owning official).

Invariants:
    * A key without an owner or a use case can't be built.
    * An environment is what its *valid* confirmation says at the moment of the request; a lapsed,
      revoked or changed one counts as unconfirmed (E3), an unregistered or banned model as E0.
    * A snapshot never changes; a change is a new snapshot with a higher version.

What it leaves to others: storing (`storage`), judging (`decision`), probing (`upstream`).
"""

from shenyong.registry.access import Caller, Denied, KeyFault, authenticate, new_key, secret_digest
from shenyong.registry.model import Confirmation, Exemption, Model, Scope
from shenyong.registry.people import Agency, ApiKey, Delegation, Person, Role, UseCase
from shenyong.registry.snapshot import Registry, RegistryError

__all__ = [
    "Agency",
    "ApiKey",
    "Caller",
    "Confirmation",
    "Delegation",
    "Denied",
    "Exemption",
    "KeyFault",
    "Model",
    "Person",
    "Registry",
    "RegistryError",
    "Role",
    "Scope",
    "UseCase",
    "authenticate",
    "new_key",
    "secret_digest",
]
