"""The random packs use the whole schema, load, and are told apart by their seed."""

from __future__ import annotations

import random
import re

from tools.random_packs import ATTRIBUTES, pack_text

from shenyong.decision import load_agency_pack
from shenyong.guideline import load_pack


def test_every_attribute_of_the_schema_is_used() -> None:
    floor = load_pack()
    schema = "\n".join(floor.sources)
    body = schema[schema.index("type Request") :]
    told = set(re.findall(r"^  (\w+): ", body[: body.index("};")], re.M))
    assert told == set(ATTRIBUTES)


def test_packs_load_and_follow_their_seed() -> None:
    floor, chance = load_pack(), random.Random(7)
    texts = [pack_text(chance) for _ in range(60)]
    for each in texts:
        load_agency_pack("random", each, floor)
    again = random.Random(7)
    assert [pack_text(again) for _ in range(60)] == texts
    used = {name for each in texts for name in re.findall(r"context\.(\w+)", each)}
    assert len(used) >= len(ATTRIBUTES) - 2
