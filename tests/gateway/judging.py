"""Facts and judges for tests of the way back, with the real inspector and the real policies."""

from __future__ import annotations

from tests.gateway.walking import world
from tests.registry.samples import AGENCY

from shenyong.decision import Facts, gather
from shenyong.gateway.world import OutputJudge
from shenyong.guideline.terms import Actor, DataClass, Environment, Purpose

CLOUD = Environment.PUBLIC_CLOUD
LOCAL = Environment.ONPREM_CONFIRMED


def facts(environment: Environment = CLOUD) -> Facts:
    """An official's plain request to a model there; a local model is confirmed up to 密."""
    return gather(
        (),
        purpose=Purpose.GENERAL,
        actor=Actor.OFFICIAL_NEED_TO_KNOW,
        environment=environment,
        env_max=DataClass.RESTRICTED if environment is LOCAL else None,
        model="local/echo" if environment is LOCAL else "cloud/echo",
        use_case="work",
    )


def output_judge(environment: Environment = CLOUD) -> OutputJudge:
    """Who judges what a model of that environment answers."""
    return OutputJudge(world().inspect, world().judges[AGENCY.id], facts(environment))
