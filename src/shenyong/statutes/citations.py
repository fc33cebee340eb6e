"""What a text cites: every 第…條 with its law, paragraph and item, also 同法, 前條 and 前項.

    依 社會救助法 第 4 條第 1 項 及 第 5 條 … 同法 第 11 條第 1 項第 2 款 …
       law        article paragraph  list     as before

A reading from left to right: the last law that was named is what 同法 and a bare 第5條 mean. What
stands after 契約, 要點, 細則 and the like is no statute, and is given back without a law.
Source: 中央法規標準法 8; 行政院 法制作業 usage; docs/statutes.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import msgspec

from shenyong.statutes.corpus import Corpus
from shenyong.statutes.numerals import NUMERAL, number

_HALF = str.maketrans(
    {chr(0xFF10 + each): str(each) for each in range(10)} | {"－": "-", "–": "-", "~": "～"}
)
_S = r"[ \t\u3000\n]{0,3}"
_ARTICLE = (
    rf"(?:第{_S}(?P<no>{NUMERAL}){_S}(?:-(?P<dash>[0-9]{{1,2}}){_S})?條(?!例|約|款)"
    rf"(?:{_S}之{_S}(?P<more>{NUMERAL})(?!條))?"
    rf"|第{_S}(?P<no2>{NUMERAL}){_S}[之-]{_S}(?P<more2>{NUMERAL}){_S}條(?!例|約|款)"
    rf"|§{_S}(?P<no3>[0-9]{{1,4}})(?:[-之](?P<more3>[0-9]{{1,2}}))?"
    rf"|(?P<same>同|前|本|該|次)條)"
)
_PARAGRAPH = rf"(?:第{_S}(?P<para>{NUMERAL}){_S}項|(?P<samepara>同|前|本|該)項)"
_ITEM = rf"第{_S}(?P<item>{NUMERAL}){_S}款(?:之[一二三四五六1-6](?![條項]))?"
_SUB = rf"第{_S}(?P<sub>{NUMERAL}){_S}目(?:之[一二三四五六1-6](?![條項]))?"
_PART = r"(?:前段|中段|後段|但書|本文|序文)"
_UNIT = re.compile(
    rf"{_ARTICLE}(?:{_S}{_PARAGRAPH})?(?:{_S}{_ITEM})?(?:{_S}{_SUB})?{_PART}?"
    rf"|{_PARAGRAPH.replace('para>', 'para_b>')}(?:{_S}{_ITEM.replace('item>', 'item_b>')})?"
    rf"(?:{_S}{_SUB.replace('sub>', 'sub_b>')})?{_PART}?"
    rf"|{_ITEM.replace('item>', 'item_c>')}(?:{_S}{_SUB.replace('sub>', 'sub_c>')})?{_PART}?"
)
_LINK = re.compile(
    rf"{_S}(?:(?:規定|所定)?(?:得|應)?準用|、|及|與|或|和|暨|以及|至|到|～|-|,|，){_S}"
    rf"(?:同法|同條例)?{_S}\Z"
)
_PAST = re.compile(
    r"(?:修正(?:公布|施行|生效)?(?:前|後?施行前)|施行前|行為時|裁處時|原(?:條文)?|修正之|廢止前|舊法)"
    r"(?:之|有效之|適用之)?(?:本法|同法|該法|本條例|[\u4e00-\u9fff]{2,20}(?:法|條例))?\s*\Z"
)
_CHAPTER = re.compile(
    r"(?:第?[\u4e00-\u9fff]{1,14}[編章節篇](?:之罪|中)?|[\u4e00-\u9fff]{2,10}罪)?\s*"
)
_ANAPHOR = re.compile(r"(?P<word>[同該本]|前開|上開|上述|前述|前揭|首揭)(?P<kind>法|條例|通則|憲法)\s*\Z")
_NO_STATUTE = re.compile(
    r"(?:契約|合約|協議書?|協定|公約|條約|議定書|章程|要點|辦法|細則|規則|準則|標準|注意事項|須知"
    r"|規定|手冊|簡章|規範|指引|基準|規程|綱要|綱領|方案|措施|計畫|命令|自治條例|施行細則|公司章程"
    r"|判決|解釋|憲章|規章|說明書|投標須知|同意書|切結書|附件|附表|附錄)"
    r"[」』》）)]?(?:\([^()]{0,30}\)|（[^（）]{0,30}）)?\s*\Z"
)
_LAW_WORD = re.compile(r"(?P<name>[\u4e00-\u9fff]{1,30}(?:法|條例|通則|律))[」』》〉]?\s*\Z")
_LEAD = re.compile(
    r".*(?:爰依據?|依據|依照|按照|按|依|違反|觸犯|牴觸|適用|準用|參照|根據|有關|關於|對於|符合|以及|及|與|或"
    r"|和|暨|並|惟|則|且|應|為|係|即|屬|查|基於|引用|適用|另|經|故|因|由|在|於|中|之|的|和)"
)
_TAIL = re.compile(r"(?:施行細則|施行規則|施行辦法|細則|子法|草案|修正案|自治條例)")
_DEFINED = re.compile(
    r"\s*[」』》〉]?\s*[（(]\s*(?:以下|下稱|下|簡稱|以下均?簡?稱)(?:均)?(?:簡稱|稱)?\s*[為:：]?\s*"
    r"[「『]?(?P<short>[\u4e00-\u9fff]{1,12}?)[」』]?\s*[)）]"
)
_SHORT = re.compile(
    r"[ ]?(?P<no>[0-9]{1,4})(?:(?:-|之)(?P<more>[0-9]{1,2}))?"
    r"(?:[ ]?(?P<roman>I{1,3}|IV|V|VI{0,3}))?(?:[ ]?(?P<circled>[①-⑳]))?"
    r"(?![0-9A-Za-z年月日個件萬元人條項款%.号號])"
)
_ROMAN = {"": 0, "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8}
_QUOTED = re.compile(r"[」』》〉]?\s*(?:（[^（）]{0,40}）|\([^()]{0,40}\))?\s*")
_REACH = 48


class Context(msgspec.Struct, frozen=True):
    """Where the text itself stands: within a statute, at an article. Empty for an ordinary text."""

    law: str = ""
    article: str = ""
    paragraph: int = 0
    defined: Mapping[str, str] = {}  # short names that the statute defines elsewhere


class Citation(msgspec.Struct, frozen=True):
    """One citation at ``start..end`` of the text.

    `law` is the statute's name in the corpus, "" where it is none that is known; `written` is how
    the text names it ("" if it says 同法 or nothing). `article` is ``15-1``; `paragraph`, `item`
    and `sub` are 0 where none is named. `statute` is False for what is certainly no statute (契約,
    要點, 施行細則). `assumed`: the law was not named here but before.
    `past`: an earlier wording is meant (修正施行前第…條), of which the statutes in force say nothing.
    """

    start: int
    end: int
    law: str
    written: str
    article: str
    paragraph: int = 0
    item: int = 0
    sub: int = 0
    statute: bool = True
    assumed: bool = False
    past: bool = False


class _Named(NamedTuple):
    start: int
    end: int
    law: str
    written: str


def defined(text: str, corpus: Corpus) -> dict[str, str]:
    """The short names that a text gives to statutes: 個人資料保護法（以下簡稱個資法）."""
    own: dict[str, str] = {}
    for _ in _names(text.translate(_HALF), corpus, own):
        pass
    return own


def citations(text: str, corpus: Corpus, context: Context | None = None) -> list[Citation]:
    """The citations of `text`, in order. `context` where the text is a statute's own."""
    here = context or Context()
    plain = text.translate(_HALF)
    names = list(_names(plain, corpus, dict(here.defined)))
    found: list[Citation] = []
    brief = [each for named in names if (each := _brief(plain, named))]
    law, written, is_statute = here.law, "", bool(here.law)
    last: Citation | None = None
    position = 0
    for match in _UNIT.finditer(plain):
        before = plain[max(0, match.start() - _REACH) : match.start()]
        between = plain[last.end : match.start()] if last else ""
        linked = last is not None and bool(_LINK.fullmatch(between))
        named = _named_before(plain, names, match.start())
        while position < len(names) and names[position].end <= match.start():
            if names[position].law:
                law, written, is_statute = names[position].law, names[position].written, True
            position += 1
        assumed = False
        if not _has_article(match) and (last is None or (here.law == "" and not linked)):
            # 第二項 alone: of the article that was last spoken of, or of the statute's own.
            if not (here.law and here.article):
                continue
        if named is not None:
            law, written, is_statute = named.law, named.written, True
        elif linked and last is not None:
            law, written, is_statute = last.law, last.written, last.statute
            assumed = last.assumed
            if not _has_article(match) and here.law and not last.paragraph:
                law, is_statute = here.law, True
        elif _ANAPHOR.search(before):
            own = _ANAPHOR.search(before)
            if own and own["word"] == "本" and here.law:
                law = here.law
            assumed, written, is_statute = True, "", bool(law)
        elif match["same"] or not _has_article(match):
            assumed = True
            if here.law and (match["same"] in ("前", "本", "次") or not _has_article(match)):
                law, is_statute = here.law, True
        elif _NO_STATUTE.search(before):
            found.append(_unit(match, "", before[-12:], last, here, statute=False, assumed=False))
            last = found[-1]
            continue
        elif unknown := _unknown(before):
            law, written, is_statute = "", unknown, True
        elif here.law:
            law, written, is_statute, assumed = here.law, "", True, True
        else:
            assumed, written = True, ""
            if last is not None and not last.statute:
                is_statute = False
        unit = _unit(match, law if is_statute else "", written, last, here,
                     statute=is_statute, assumed=assumed)  # fmt: skip
        if not unit.article:
            continue
        if not _has_article(match) and here.law:
            unit = _own_or_last(unit, last if linked or (last and "。" not in between) else None,
                                here, corpus)  # fmt: skip
        if _PAST.search(before) or (linked and last is not None and last.past):
            unit = msgspec.structs.replace(unit, past=True)
        found.append(unit)
        last = unit
    return sorted([*found, *brief], key=lambda each: each.start)


def _brief(text: str, named: _Named) -> Citation | None:
    """個資法6I① : a law's name with bare numbers behind it, as jurists note it down."""
    match = _SHORT.match(text, named.end) if named.law else None
    if match is None:
        return None
    article = match["no"] + (f"-{match['more']}" if match["more"] else "")
    item = ord(match["circled"]) - ord("①") + 1 if match["circled"] else 0
    paragraph = _ROMAN[match["roman"] or ""]
    return Citation(
        named.start, match.end(), named.law, named.written, article, paragraph, item
    )


def _has_article(match: re.Match[str]) -> bool:
    return any(match[name] for name in ("no", "no2", "no3", "same"))


def _own_or_last(
    unit: Citation, last: Citation | None, here: Context, corpus: Corpus
) -> Citation:
    """第二項 in a statute: of the article itself, or of the one just cited if that has it alone."""
    own = corpus.laws[here.law].articles.get(here.article)
    if last is None or own is None or unit.paragraph <= len(own.paragraphs):
        return unit
    return msgspec.structs.replace(unit, law=last.law, article=last.article)


def _unit(
    match: re.Match[str],
    law: str,
    written: str,
    last: Citation | None,
    here: Context,
    *,
    statute: bool,
    assumed: bool,
) -> Citation:
    """The citation of one match; what it leaves out is of the one before."""
    first = match["no"] or match["no2"] or match["no3"]
    more = match["dash"] or match["more"] or match["more2"] or match["more3"]
    paragraph = number(match["para"] or match["para_b"] or "")
    item = number(match["item"] or match["item_b"] or match["item_c"] or "")
    sub = number(match["sub"] or match["sub_b"] or match["sub_c"] or "")
    same = match["same"]
    if first:
        article = str(number(first)) + (f"-{number(more)}" if more else "")
    elif same:
        article = _same_article(same, last, here)
    else:
        article = last.article if last and not here.law else here.article or ""
        if last and last.law == law and not match["para_b"] and not match["samepara"]:
            article, paragraph = last.article, paragraph or last.paragraph
        elif last and here.law and last.law == law and last.end + 2 >= match.start():
            article = last.article if last.paragraph else here.article
    same_para = match["samepara"]
    if same_para == "前" and here.paragraph > 1 and not first:
        paragraph = here.paragraph - 1
    elif same_para and last is not None and same_para in "同該":
        paragraph = last.paragraph
    return Citation(
        match.start(), match.end(), law, written, article, paragraph, item, sub, statute, assumed
    )


def _same_article(word: str, last: Citation | None, here: Context) -> str:
    if word in ("同", "該"):
        return last.article if last else here.article
    if word == "本":
        return here.article or (last.article if last else "")
    base, _, more = here.article.partition("-")
    if not base:
        return last.article if last and word == "前" else ""
    if word == "前":
        if more:
            return base if more == "1" else f"{base}-{int(more) - 1}"
        return str(int(base) - 1) if int(base) > 1 else ""
    return str(int(base) + 1)


def _names(text: str, corpus: Corpus, own: dict[str, str]) -> Iterator[_Named]:
    """Where statutes are named, in order, and short names that the text itself defines."""
    at = 0
    while at < len(text):
        best = _longest(text, at, corpus, own)
        if best is None:
            at += 1
            continue
        name, law = best
        end = at + len(name)
        if _TAIL.match(text, end):
            yield _Named(at, end, "", name)  # 個人資料保護法施行細則 is another matter
        else:
            yield _Named(at, end, law, name)
            defined = _DEFINED.match(text, end)
            if defined:
                own[defined["short"]] = law
                end = defined.end()
        at = end


def _longest(text: str, at: int, corpus: Corpus, own: dict[str, str]) -> tuple[str, str] | None:
    for name in sorted(own, key=len, reverse=True):
        if len(name) > 1 and text.startswith(name, at):
            return name, own[name]
    for name in corpus.by_start.get(text[at : at + 2], ()):
        if text.startswith(name, at):
            return name, corpus.names[name]
    return None


def _named_before(text: str, names: list[_Named], start: int) -> _Named | None:
    """The statute that is named directly before `start`, quotes and dates aside."""
    for named in reversed(names):
        if named.end > start:
            continue
        if start - named.end > _REACH:
            return None
        between = text[named.end : start]
        if named.law and (_QUOTED.fullmatch(between) or _CHAPTER.fullmatch(between)):
            return named
        if named.law and (defined := _DEFINED.match(between)) and not between[defined.end() :].strip():
            return named
        return None
    return None


def _unknown(before: str) -> str:
    """The name of a statute that we don't know, directly before; "" if there is none."""
    found = _LAW_WORD.search(before)
    if found is None:
        return ""
    name = found["name"]
    lead = _LEAD.match(name)
    name = name[lead.end() :] if lead and len(name) - lead.end() >= 3 else name
    return name if len(name) >= 3 else ""
