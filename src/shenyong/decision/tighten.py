"""Agency packs: an agency's own rules (point 7), which can tighten the floor and never loosen it.

In Cedar a ``forbid`` beats every ``permit``, so a pack that holds nothing but forbids moves
decisions only in the strict direction, by construction. This module is the loader that refuses the
rest.

Source: guideline.md 7, design.md (four sentences, 2), domain.md 1.5.
"""

from __future__ import annotations

# guideline: ey-genai-2023:7
import hashlib

import msgspec

from shenyong.guideline.pack import Pack, PackError, read_policies
from shenyong.guideline.policies import Policy

AGENCY_STAGE = "agency"


class AgencyPack(msgspec.Struct, frozen=True):
    """An agency's rules, parsed and found to hold only forbids.

    `digest` is the sha256 (hex) of the Cedar text.
    """

    id: str
    policies: tuple[Policy, ...]
    policy_text: str
    digest: str


def load_agency_pack(id: str, policy_text: str, floor: Pack) -> AgencyPack:
    """The agency pack `id` from its Cedar text, checked against the floor's schema and points.

    Each rule is a ``forbid`` with ``@id`` and ``@reason_zh``; ``@reason_en``, ``@cites`` and
    ``@point`` may be left out: then the Chinese reason stands for the English one, the citation is
    ``內控:<id of the pack>``, and the point is the floor's point on agencies' own rules.

    Raises:
        PackError: a rule is no forbid, lacks an annotation, names a fact or a point that there is
            not, repeats an id, or the text is not Cedar. It names the policy, its line, and what
            to do.
    """
    own = f"{floor.id}:7"
    known = {point.key for point in floor.points}
    rules = []
    for number, policy in enumerate(read_policies(id, policy_text, floor.schema_text), 1):
        name = policy.id or f"number {number}"
        if policy.effect != "forbid":
            raise PackError(
                id,
                "it permits, and an agency may only tighten the floor",
                "Write it as forbid (…), or leave it out: the floor already says what is permitted",
                name,
                policy.line,
            )
        if not policy.reason_zh:
            raise PackError(
                id,
                "it gives no reason",
                'Add @reason_zh("…"), the sentence that the official will read',
                name,
                policy.line,
            )
        for key in policy.points:
            if key not in known:
                raise PackError(id, f"there is no point {key}", "Correct @point", name, policy.line)
        rules.append(
            msgspec.structs.replace(
                policy,
                stage=AGENCY_STAGE,
                points=policy.points or (own,),
                cites=policy.cites or (f"內控:{id}",),
                reason_en=policy.reason_en or policy.reason_zh,
            )
        )
    digest = hashlib.sha256(policy_text.encode()).hexdigest()
    return AgencyPack(id=id, policies=tuple(rules), policy_text=policy_text, digest=digest)
