"""The detectors, in order, and the automaton over all of them.

The order decides nothing but the order of equal findings. A detector is added here and nowhere
else.
"""

from __future__ import annotations

from collections.abc import Callable

from shenyong.inspection.addresses import Addresses
from shenyong.inspection.births import Births
from shenyong.inspection.detector import Detector
from shenyong.inspection.identifiers import Identifiers
from shenyong.inspection.markings import Markings
from shenyong.inspection.persons import Persons
from shenyong.inspection.requests import Requests
from shenyong.inspection.secrets import Secrets
from shenyong.inspection.special import Special
from shenyong.inspection.unreleased import Unreleased

DETECTORS: tuple[Callable[[], Detector], ...] = (
    Identifiers,
    Births,
    Secrets,
    Persons,
    Addresses,
    Markings,
    Requests,
    Special,
    Unreleased,
)
"""What makes each detector. Their construction reads package data, so it is not done on import."""
