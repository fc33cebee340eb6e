from __future__ import annotations

from shenyong.settings.problem import Problem, render


def test_a_problem_looks_like_a_compilers():
    source = "[server]\nprot = 8000\n"
    problem = Problem(
        "unknown_key",
        "shenyong.toml",
        2,
        1,
        4,
        {"name": "prot", "section": "server"},
        "port",
    )
    assert render(problem, source, "en").splitlines() == [
        "error[unknown_key]: the section [server] has no setting prot",
        "  --> shenyong.toml:2:1",
        "  |",
        "2 | prot = 8000",
        "  | ^^^^",
        "  = did you mean port?",
        "  = what is not known is refused, lest a misspelt setting be passed over in silence.",
    ]
