"""What a Cedar policy says of itself: its annotations, and where it stands in its file.

Source: design.md (the guideline is a Cedar policy set), domain.md 7. What the policies mean is the
pack's; what a request is, `shenyong.decision.judge`'s.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import cedarpy
import msgspec
from cedarpy import pst

# Strings before comments: a // inside a string is no comment.
_TOKENS = re.compile(r'"(?:\\.|[^"\\])*"|//[^\n]*|;|\S', re.DOTALL)


class Policy(msgspec.Struct, frozen=True):
    """One policy, as its annotations describe it.

    `engine_id` is the id that Cedar gave it (``policy7``), `line` the line of its first token,
    1-based. `points` holds the full keys (``ey-genai-2023:4``). `actions` are the actions of its
    scope, empty for any; `by_action` says that its conditions look at the action, too.
    """

    id: str
    effect: str  # "permit" or "forbid"
    points: tuple[str, ...]
    cites: tuple[str, ...]
    stage: str
    reason_zh: str
    reason_en: str
    line: int
    engine_id: str
    actions: frozenset[str] = frozenset()
    by_action: bool = False

    def covers(self, action: str) -> bool:
        """Whether `action` is in the policy's scope."""
        return not self.actions or action in self.actions


def starts(text: str) -> Iterator[int]:
    """The line (1-based) at which each policy of `text` begins, in order."""
    line, seen, inside = 1, 0, False
    for token in _TOKENS.finditer(text):
        line += text.count("\n", seen, token.start())
        seen = token.start()
        if token.group().startswith("//"):
            continue
        if token.group() == ";":
            inside = False
        elif not inside:
            inside = True
            yield line


def read(text: str) -> tuple[Policy, ...]:
    """The policies of Cedar source `text`, in the order of the file.

    Raises:
        ValueError: the text is not Cedar, or holds a template (a policy with ``?principal``).
    """
    tree = cedarpy.PolicySet.from_str(text).to_pst()
    if tree.templates:
        raise ValueError("templates (?principal, ?resource) are not for packs")
    lines = list(starts(text))
    # Cedar numbers the policies of one text by their place in it.
    ordered = sorted(tree.static_policies.items(), key=lambda item: int(item[0][len("policy") :]))
    return tuple(
        Policy(
            id=node.annotations.get("id") or "",
            effect=node.effect,
            points=tuple((node.annotations.get("point") or "").split()),
            cites=split_cites(node.annotations.get("cites") or ""),
            stage=node.annotations.get("stage") or "",
            reason_zh=node.annotations.get("reason_zh") or "",
            reason_en=node.annotations.get("reason_en") or "",
            line=lines[number],
            engine_id=engine_id,
            actions=_actions(node.action),
            # On the safe side: a text that looks like the variable counts as the variable.
            by_action="Var(name='action')" in repr(node.clauses),
        )
        for number, (engine_id, node) in enumerate(ordered)
    )


def _actions(constraint: pst.ActionConstraint) -> frozenset[str]:
    """The ids of the actions in a policy's scope; empty for any action."""
    if isinstance(constraint, pst.ActionEq):
        return frozenset({constraint.entity.id})
    if isinstance(constraint, pst.ActionIn):
        return frozenset(entity.id for entity in constraint.entities)
    return frozenset()


def split_cites(text: str) -> tuple[str, ...]:
    """The citations of an annotation, which separates them by ``;``."""
    return tuple(part.strip() for part in text.split(";") if part.strip())
