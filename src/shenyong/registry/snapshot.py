"""The registry at one version: everything that a request needs to know, in memory."""

from __future__ import annotations

import copy
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, timezone

from shenyong.decision.facts import Setting
from shenyong.guideline.terms import DataClass, Environment
from shenyong.registry.model import Confirmation, Model, descent, effective
from shenyong.registry.people import Agency, ApiKey, Delegation, Person, Role, UseCase
from shenyong.registry.probe import Probed

_CONFIRMED = {Environment.ONPREM_CONFIRMED: 1, Environment.AIRGAPPED: 2}
_TAIPEI = timezone(timedelta(hours=8))


class RegistryError(ValueError):
    """The registry contradicts itself: a key names an owner, use case or agency that isn't there.

    The message names ids only.
    """


class Registry:
    """A snapshot. Building it checks that every reference leads somewhere.

    Raises:
        RegistryError: a reference leads nowhere, or crosses agencies.
    """

    def __init__(
        self,
        version: int,
        *,
        agencies: Iterable[Agency] = (),
        people: Iterable[Person] = (),
        use_cases: Iterable[UseCase] = (),
        keys: Iterable[ApiKey] = (),
        models: Iterable[Model] = (),
        confirmations: Iterable[Confirmation] = (),
        delegations: Iterable[Delegation] = (),
    ) -> None:
        self.version = version
        self.agencies = {each.id: each for each in agencies}
        self.people = {each.id: each for each in people}
        self.use_cases = {each.id: each for each in use_cases}
        self.models = {each.id: each for each in models}
        self._keys = {each.id: each for each in keys}
        self.delegations = tuple(delegations)
        self.probes: dict[str, Probed] = {}
        self.probes_required = False
        self._confirmations: dict[str, list[Confirmation]] = defaultdict(list)
        for each in confirmations:
            self._check_confirmation(each)
            self._confirmations[each.model].append(each)
        for key in self._keys.values():
            self._check(key)
        for agency in self.agencies.values():
            self.line(agency.id)

    def line(self, agency_id: str) -> tuple[Agency, ...]:
        """The agency and those above it, the agency itself first (所屬 → 部會 → 院).

        Raises:
            RegistryError: a parent is not there, or the tree runs in a circle.
        """
        found: dict[str, Agency] = {}
        name = agency_id
        while name:
            if name in found:
                raise RegistryError(f"agency {agency_id}: those above it run in a circle")
            if name not in self.agencies:
                raise RegistryError(f"agency {agency_id}: there is no agency {name} above it")
            found[name] = self.agencies[name]
            name = found[name].parent
        return tuple(found.values())

    def below(self, agency_id: str) -> tuple[Agency, ...]:
        """The agencies under this one, at any depth, without itself."""
        return tuple(
            each
            for each in self.agencies.values()
            if each.id != agency_id and agency_id in {up.id for up in self.line(each.id)}
        )

    def setting(self, key: ApiKey, model: Model, at: int, *, clock: bool) -> Setting:
        """What an agency's rules may look at around a request; the time only with `clock`."""
        owner = self.people[key.owner]
        when = datetime.fromtimestamp(at / 1e6, _TAIPEI) if clock else None
        return Setting(
            unit=owner.unit,
            hour=when.hour if when else -1,
            weekday=when.isoweekday() if when else 0,
            trained=owner.trained_until > at,
            lineage=descent(model),
            country=model.hosting_country.strip().upper(),
        )

    def roles(self, person_id: str, at: int) -> frozenset[Role]:
        """A person's roles at `at`, those of persons for whom he or she is the deputy included."""
        person = self.people.get(person_id)
        if person is None or not person.active:
            return frozenset()
        lent = [
            principal.roles
            for each in self.delegations
            if each.deputy == person_id
            and each.holds(at)
            and (principal := self.people.get(each.person)) is not None
            and principal.agency == person.agency
        ]
        return person.roles.union(*lent)

    def _check(self, key: ApiKey) -> None:
        owner, use_case = self.people.get(key.owner), self.use_cases.get(key.use_case)
        if owner is None or owner.agency != key.agency:
            raise RegistryError(f"key {key.id}: its owner {key.owner} is not of {key.agency}")
        if use_case is None or use_case.agency != key.agency:
            raise RegistryError(f"key {key.id}: its use case {key.use_case} is not of {key.agency}")
        if key.agency not in self.agencies:
            raise RegistryError(f"key {key.id}: there is no agency {key.agency}")
        missing = [name for name in key.models if name not in self.models]
        if missing:
            raise RegistryError(f"key {key.id}: there are no models {', '.join(missing)}")

    # guideline: ey-genai-2023:4
    def _check_confirmation(self, confirmation: Confirmation) -> None:
        name = f"confirmation {confirmation.id}"
        if confirmation.model not in self.models:
            raise RegistryError(f"{name}: there is no model {confirmation.model}")
        confirmed = self.people.get(confirmation.confirmed_by)
        approved = self.people.get(confirmation.approved_by)
        if confirmed is None or approved is None or confirmed.agency != approved.agency:
            raise RegistryError(f"{name}: who confirmed and who approved are not of one agency")
        if Role.SUPERVISOR not in approved.roles:
            raise RegistryError(f"{name}: {approved.id} is no supervisor and can't approve")

    def key(self, key_id: str) -> ApiKey | None:
        """The key with this id."""
        return self._keys.get(key_id)

    @property
    def keys(self) -> tuple[ApiKey, ...]:
        """All keys."""
        return tuple(self._keys.values())

    def use_case(self, use_case_id: str) -> UseCase:
        """The use case with this id; a key's always exists."""
        return self.use_cases[use_case_id]

    def models_for(self, key: ApiKey) -> tuple[Model, ...]:
        """The models that the key may name, in the registry's order."""
        if not key.models:
            return tuple(self.models.values())
        return tuple(self.models[name] for name in key.models)

    def confirmations(self, model_id: str) -> tuple[Confirmation, ...]:
        """All confirmations of a model, valid or not."""
        return tuple(self._confirmations.get(model_id, ()))

    def effective(self, model: Model, at: int) -> tuple[Environment, DataClass | None]:
        """The model's environment at `at` (UTC microseconds) and the class confirmed for it."""
        found = effective(model, self._confirmations.get(model.id, ()), at)
        if found[0] in _CONFIRMED and not self.probed(model, at):
            return Environment.ONPREM_UNCONFIRMED, None
        return found

    def with_probes(self, probes: Mapping[str, Probed], *, required: bool) -> Registry:
        """The same registry, with what is known of the probes now. `required`: all need one."""
        made = copy.copy(self)
        made.probes, made.probes_required = dict(probes), required
        return made

    # guideline: ey-genai-2023:4
    def probed(self, model: Model, at: int) -> bool:
        """Whether the model's environment may count as confirmed, as far as probes say."""
        found = self.probes.get(model.id)
        return not self.probes_required if found is None else found.holds(at)

    def standing(
        self, model: Model, environment: Environment, level: DataClass | None, at: int
    ) -> bool:
        """Whether what was decided for an environment may still be sent to it at `at`."""
        known = self.models.get(model.id)
        if known != model:
            return False
        current, highest = self.effective(model, at)
        if environment not in _CONFIRMED:
            return current is not Environment.UNREGISTERED
        if _CONFIRMED.get(current, 0) < _CONFIRMED[environment]:
            return False
        return level is None or (highest is not None and highest.rank >= level.rank)

    def confirmed_until(self, model: Model, at: int) -> int | None:
        """When the confirmation that holds now ends (UTC microseconds), None if none holds."""
        if not self.probed(model, at):
            return None
        ends = [
            each.expires for each in self._confirmations.get(model.id, ()) if each.covers(model, at)
        ]
        return max(ends, default=None)

    def confirmation_of(self, model: Model, at: int) -> str:
        """The id of the confirmation that holds now, empty if none does."""
        if not self.probed(model, at):
            return ""
        valid = [each for each in self._confirmations.get(model.id, ()) if each.covers(model, at)]
        return max(valid, key=lambda each: each.max_class.rank).id if valid else ""
