"""Findings, the official's declaration and the key's use case → facts.

Invariants:
    * Every signal counts and the highest wins: a declaration adds a class and never takes one away
      (guideline.md 8: only people classify; the product carries or suspects a level, never lowers).
    * What may be the production of a confidential document is never let through in silence: likely
      makes it the purpose, possible asks the official.

Source: guideline.md (readings 1, 6, 8), domain.md 2.1, 2.7, 4.5, 8.4 (A8, A11).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from shenyong.decision.facts import Facts, Setting
from shenyong.guideline.terms import Actor, DataClass, Environment, Likelihood, Purpose
from shenyong.inspection.finding import Finding

DECLARATIONS: dict[str, DataClass] = {
    "普通": DataClass.PUBLIC,
    "公開": DataClass.PUBLIC,
    "密": DataClass.RESTRICTED,
    "機密": DataClass.CONFIDENTIAL,
    "極機密": DataClass.SECRET,
    "絕對機密": DataClass.TOP_SECRET,
}
"""The levels that people declare (文書處理手冊; 國家機密保護法 4), beside the codes D0 to D7."""

NO_SETTING = Setting()
_LIKELIHOODS = (Likelihood.NONE, Likelihood.POSSIBLE, Likelihood.LIKELY)


class UnknownDeclarationError(ValueError):
    """A declared class that is none of the known words: refused, for it may mean anything."""

    def __init__(self) -> None:
        words = ", ".join([*DECLARATIONS, *DataClass])
        super().__init__(f"unknown declared class; known: {words}")


def declared_class(word: str) -> DataClass:
    """The class that a declaration names: ``密`` … ``絕對機密``, ``普通``, or ``D0`` … ``D7``.

    Raises:
        UnknownDeclarationError: the word is none of these (it isn't repeated in the message).
    """
    word = word.strip()
    if word in DECLARATIONS:
        return DECLARATIONS[word]
    try:
        return DataClass(word.upper())
    except ValueError:
        raise UnknownDeclarationError from None


# guideline: ey-genai-2023:3
# guideline: ey-genai-2023:4
def gather(
    findings: Sequence[Finding],
    *,
    purpose: Purpose,
    actor: Actor,
    environment: Environment,
    env_max: DataClass | None,
    declared: str | Iterable[str] | None = None,
    question_confirmed: bool = False,
    production_confirmed: bool = False,
    unreadable: bool = False,
    model: str = "",
    use_case: str = "",
    setting: Setting = NO_SETTING,
) -> Facts:
    """The facts of one request to one model.

    `declared` is the declaration of the official or the use case (one or several); `env_max` the
    highest class of the valid confirmation, `setting` what an agency's rules may look at. The two
    ``…_confirmed`` are the official's word that the request touches nothing of the kind: they lift
    a *possible*, never a *likely*.

    Raises:
        UnknownDeclarationError: a declared class is not known.
    """
    words = (declared,) if isinstance(declared, str) else tuple(declared or ())
    tags = {declared_class(word) for word in words if word.strip()}
    tags |= {finding.data_class for finding in findings if finding.data_class is not None}
    production = _likelihood(findings, "produce_classified")
    if production is Likelihood.LIKELY:
        purpose = Purpose.PRODUCE_CLASSIFIED
    return Facts(
        purpose=purpose,
        data=frozenset(tags - {DataClass.PUBLIC}),
        environment=environment,
        env_max=env_max,
        actor=actor,
        question_personal=_likelihood(findings, "question_personal"),
        question_confidential=_likelihood(findings, "question_confidential"),
        question_confirmed=question_confirmed,
        production=production,
        production_confirmed=production_confirmed and production is not Likelihood.LIKELY,
        # An "encoded" finding is a run that could not be decoded within the budget.
        unreadable=unreadable or any(finding.kind == "encoded" for finding in findings),
        kinds=frozenset(finding.kind for finding in findings),
        model=model,
        use_case=use_case,
        unit=setting.unit,
        hour=setting.hour,
        weekday=setting.weekday,
        trained=setting.trained,
        lineage=setting.lineage,
        country=setting.country,
    )


def _likelihood(findings: Sequence[Finding], kind: str) -> Likelihood:
    """The strongest of the findings of `kind`."""
    found = (finding.likelihood for finding in findings if finding.kind == kind)
    return max(found, key=_LIKELIHOODS.index, default=Likelihood.NONE)
