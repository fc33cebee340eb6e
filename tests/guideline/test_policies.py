from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong.guideline.policies import read, split_cites, starts


def test_lines_are_those_of_the_first_token():
    text = (
        '// a comment with ; and "\n\n@id("a;b") @cites("// no comment")\n'
        "permit (principal, action, resource)\n"
        'when { context.x == "\\";" };  @id("c")\nforbid (principal, action, resource);'
    )
    found = read(text)
    assert [(policy.id, policy.effect, policy.line) for policy in found] == [
        ("a;b", "permit", 3),
        ("c", "forbid", 5),
    ]
    assert found[0].cites == ("// no comment",)


def test_more_than_ten_policies_keep_the_order_of_the_file():
    text = "\n".join(f'@id("p{n}") permit (principal, action, resource);' for n in range(25))
    assert [policy.id for policy in read(text)] == [f"p{n}" for n in range(25)]
    assert [policy.line for policy in read(text)] == list(range(1, 26))


@pytest.mark.parametrize(
    "text", ["permit", "permit (principal == ?principal, action, resource);", '@id("x)']
)
def test_what_is_not_a_policy_is_refused(text):
    with pytest.raises(ValueError):
        read(text)


def test_scopes_and_conditions_on_the_action():
    one, several, any_, condition = read(
        '@id("a") permit (principal, action == Action::"x", resource);'
        '@id("b") permit (principal, action in [Action::"x", Action::"y"], resource);'
        '@id("c") permit (principal, action, resource);'
        '@id("d") permit (principal, action, resource) unless { action == Action::"x" };'
    )
    assert (one.actions, several.actions, any_.actions) == ({"x"}, {"x", "y"}, set())
    assert [each.covers("y") for each in (one, several, any_)] == [False, True, True]
    assert [each.by_action for each in (one, several, any_, condition)] == [
        False,
        False,
        False,
        True,
    ]


def test_no_policies():
    assert read("// nothing\n") == ()


@given(st.lists(st.text(st.characters(categories=["Lo", "Nd"]), min_size=1)))
def test_cites_are_joined_by_semicolons(cites):
    assert split_cites("; ".join(cites)) == tuple(cites)


@given(st.lists(st.sampled_from(["a;", "\n", "// x;\n", '"s;\n"', " b "]), max_size=20))
def test_there_is_a_start_for_each_semicolon_outside_strings_and_comments(pieces):
    text = "".join([*pieces, " end;"])
    ends = sum(piece == "a;" for piece in pieces) + 1
    found = list(starts(text))
    assert len(found) == ends
    assert found == sorted(found)
