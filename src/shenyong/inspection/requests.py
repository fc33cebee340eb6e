"""What a request asks for: confidential papers to be made, private or confidential facts.

Three kinds, none of which carries data (``data_class`` None), each *possible* or *likely*:

- ``produce_classified``: point 3. Drafting, rewriting, polishing, translating, summarising,
  formatting or continuing a confidential document or its attachment (domain.md 8.4 A1, A2), told
  from asking how such documents are handled, and from teaching it.
- ``question_personal``: point 4. Asks for a particular person's private facts.
- ``question_confidential``: point 4. Asks for an agency's confidential business itself, told from
  asking for the rules about it (domain.md 4.5, 8.4 A8).

A request is read clause by clause: a verb, an object, and whether somebody or something particular
is meant. Only what users and system prompts say is a request.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from shenyong.guideline.terms import Likelihood
from shenyong.inspection import lexicon
from shenyong.inspection.detector import Hit, Match, Pattern
from shenyong.inspection.people import given_weight, people
from shenyong.reading.passage import Passage, View, ViewKind

_HAN = lexicon.HAN
_ROLES = frozenset({"user", "system", "developer", ""})


def _list(section: str) -> str:
    return lexicon.either(lexicon.words("intents", section))


_PRIVATE = re.compile(_list("private"))
_BUSINESS = re.compile(_list("confidential"))
_LOOKUP = re.compile(_list("lookup"))
_RETRIEVE = re.compile(
    rf"(?<![經檢調審清複抽稽普備考偵搜訪勘協空])(?:{_list('retrieve')})"
    "(?![獲緝核驗明照處封扣禁察報復無悉整解職漲降升任度派訓])"
)
_OUTRIGHT = frozenset(("告訴我", "告知我", "給我", "跟我說", "列給我", "人肉", "肉搜", "起底"))
_DOXXING = re.compile("人肉|肉搜|起底|偷查|私下查|挖出")
_RULES = re.compile(
    _list("rules")
    + "|(?:何時|什麼時候|可否|能否|是否|要不要|應否|應不應|可不可以|能不能)(?:才|可以?|能夠?|得|須"
    "|應該?|要|對外|依法|主動){0,3}(?:公開|公布|閱覽|揭露|更正|保密)"
    "|(?:應該?|須|必須|得)[於由]|由(?:誰|何人|哪)(?:保管|核定|訂定|核准|決定|負責|啟封|擔任|遴選)?|應何時"
)
_ADJACENT = re.compile(
    "(?:的?(?:名單|名冊|金額|價格))?(?:會?是|為|訂|定|大概|大約|約|裡|上|到底|究竟){0,3}(?:多少|誰|有誰|有哪些人|有哪幾)"
)
_SENTENCE = re.compile(r"[^。!！\n;；]+")
_ASKS = re.compile(
    r"[?？]|嗎|呢|多少|哪裡|哪里|在哪|住哪|是誰|有誰|哪些|哪幾|何時|幾號|什麼時候|怎樣|如何"
    r"|是什麼|為何|幾歲|有沒有|是否"
)
_ORDERS = re.compile(r"[ \t\u3000「\"]*(?:查|找|調出|列出|分析|整理|比對|推測|猜|告訴我|給我)")
_WANTS = re.compile(
    r"幫我|(?<![申聲呈邀約延敦提陳報])請|替我|可否|能否|能不能|我想|我要|麻煩|給我|告訴我|帮我"
    r"|想知道|跟我說"
)
_SOMEBODY = re.compile(
    r"[A-Z][1289][0-9]{8}|09[0-9]{2}-?[0-9]{3}-?[0-9]{3}"
    rf"|[{_HAN}]姓[{_HAN}]{{1,4}}|[{_HAN}]{{1,2}}(?:先生|女士|小姐|科長|處長|局長|部長|主任|老師"
    rf"|醫師|同學)"
)
_VAGUE = re.compile(
    r"某人|某位|某同仁|某員工|這個人|那個人|這位|那位|該員|該生|該民眾|該名|該同仁|[他她](?:的"
    r"|住|是|有|家|現在)|鄰居|同事|前妻|前夫|前男友|前女友|男友|女友"
    r"|主管|長官|老闆|屬下|部屬|當事人|申請人|陳情人|檢舉人|學生|病患|個案|對方|車主|屋主|房東"
    r"|房客|民眾"
)
_MINE = re.compile(r"我(?:的|自己|本人|想申請|要申請|該如何)|本人|自己")
_OWN_CASE = re.compile(
    rf"本案|這個案|這案|該案|此案|這件|該件|本標案|這個標案|這次|本次|這項|該項|本部|本府|本局"
    rf"|本署|本校|我們|今年|明年|下週|下個月|明天|即將"
    rf"|[{_HAN}0-9○〇OX]{{2,}}(?:採購案|標案|工程案|勞務案|專案|案件|案的|案)|附件|名單如下|如下"
)
_NOT = r"(?<!非)(?<!不涉)(?<!無涉)(?<!不是)(?<!解除)"
_DOCUMENT = _list("document")
_SECRET_PAPER = re.compile(
    rf"{_NOT}(?:(?:密等|密級|密级|等級|列|標示|核定)(?:為|是|:|：|成|屬)?[「『\"]?(?:絕對機密"
    rf"|極機密|機密|密)[」』\"]?(?:等級|級)?的?"
    rf"|(?:絕對機密|绝对机密|極機密|极机密|機密|机密|涉密|密級|密级)(?:等級|级|級)?的?"
    rf"|密件(?:的)?|(?<=[份則件寫擬成的為])密(?=函|簽|令|文|電))"
    rf"(?P<document>[{_HAN}]{{0,8}}?(?:{_DOCUMENT}))?"
)
_VERBS = (
    rf"(?:(?<!命)(?!擬[訂定審議制]|生成式){_list('produce')}"
    "|拟|润色|润饰|翻译|改写|撰写|起草|生成(?!式)|写|续写|排版|做(?=[一個份成張])|打(?=一份)|改(?=成|為)|譯)"
)
_PRODUCE = re.compile(_VERBS)
_BEHIND = re.compile(
    rf"[,，]?{_VERBS}|[{_HAN},，:：]{{0,14}}?(?:幫我?|請(?!求)|給我|麻煩您?你?|勞煩|協助|可以|想){_VERBS}"
    rf"|[{_HAN}]{{0,2}}(?:重新|加以|進行){_VERBS}"
)
_TAKES = re.compile(r"(?:把|將|替|就|針對|拿)[^,，。]{0,12}$")
_TAKEN = re.compile(rf"[^。,，?？]{{0,16}}?{_VERBS}|[^。,，?？]{{0,12}}(?:格式|範本)")
_ONE_OF = re.compile("(?:普通|密)[、,，/及和與或]$")
_META = re.compile(_list("meta"))
_HANDLING = re.compile(_list("handling"))
_EXPLAINS = re.compile(
    r"如何|怎麼|怎样|怎麼樣|怎樣|為什麼|為何|由誰|是否需要|是否應|應否|說明(?=.{0,12}(?:法|規定"
    r"|流程|程序|差異|意義|方式))|解釋|介紹|什麼是|何謂|差異|區別|差別|意思|哪些人|多久|幾年"
    r"|(?:應|須|必須|應該)由|親自(?:撰|擬|製|書)|包[含括]"
)
_REFUSES = re.compile(
    r"(?:(?<!要)不要|不得|(?<!能)不能|禁止|切勿|請勿|避免|(?<!可)不可以?)[^,，。]{0,10}$"
)
_ENGLISH_PRODUCE = re.compile(
    r"\b(?:draft|write|rewrite|compose|prepare|polish|edit|proofread|translate|summari[sz]e"
    r"|format|continue|produce|create|generate|re-?phrase|finish)\b"
    r"[^.!?\n]{0,60}?\b(?P<level>top[ -]secret|classified|secret"
    r"|confidential)\b(?P<rest>[^.!?\n]{0,40})",
    re.IGNORECASE,
)
_ENGLISH_PAPER = re.compile(
    r"\b(?:memo(?:randum)?|letter|document|report|cable|briefing|brief|minutes|annex|paper|note"
    r"|plan|order|attachment|dispatch|telegram|file|text)\b",
    re.IGNORECASE,
)
_ENGLISH_META = re.compile(
    r"\b(?:unclassified|declassified|handl(?:e|ing)|about|policy|training|slides?|how"
    r"|guidelines?|procedures?|awareness|poster|quiz|explain|rules?|agreement|clause|ballot"
    r"|santa|recipe|sauce)\b",
    re.IGNORECASE,
)
_ENGLISH_PRIVATE = re.compile(
    r"\b(?:look up|find(?: out)?|tell me|give me|show me|get me|what(?:'s| is| was)|where does"
    r"|check)\b[^.!\n]{0,40}?"
    r"\b(?P<person>Mr\.?|Ms\.?|Mrs\.?|Dr\.?|[A-Z][a-z]+(?: [A-Z][a-z]+(?:-[A-Za-z]+)?)?(?:'s|’s)"
    r"|his|her|[Mm]y (?:neighbou?r|colleague|boss|ex)(?:'s|’s)?)"
    r"[^.!\n]{0,40}?\b(?:home address|address|phone(?: number)?|mobile|salary|income"
    r"|medical records?|diagnosis|criminal record|bank account|ID number|birthday|date of birth"
    r"|performance review|live)\b",
    re.IGNORECASE,
)
_ENGLISH_BUSINESS = re.compile(
    r"\b(?:tell me|give me|what(?:'s| is| are)|find out|list|guess|estimate|reveal"
    r"|show me)\b[^.!\n]{0,50}?"
    r"\b(?:reserve price|government estimate|evaluation committee members?"
    r"|bottom line in the negotiation|negotiat(?:ing|ion) bottom line|whistle-?blower's (?:name"
    r"|identity)|troop deployments?|informant's (?:name|identity)|unannounced inspections?)\b",
    re.IGNORECASE,
)


_GIVEN = re.compile(
    r"(?:號碼|字號)?[ \t(（]*[:：為是]?[ \t「\"]*(?:[0-9+〔]|[A-Z][0-9])|[ \t]*[:：]"
    r"|(?<=電話)(?:紀錄|記錄|訪談|會議|禮貌|費|亭|中)|(?<=手機)(?:版|程式|條碼|費|殼)|(?<=證)(?:影本|正本)"
)
_CLOSE = 10  # characters between a person and the fact that is asked for
_BEFORE, _AFTER = 200, 100  # characters of the longest sentence on either side of its object
_WISHES = frozenset({"wish", "order"})


class _Asked(NamedTuple):
    kind: str
    start: int
    end: int
    likelihood: Likelihood


class Requests:
    """Finds what a request asks for."""

    name = "requests/1"

    def patterns(self) -> Sequence[Pattern]:
        """A wish, a question or a verb with its object near by; statutes ask for nothing."""
        return (
            Pattern(
                "wish",
                "幫我|帮我|替我|可否|能否|能不能|我想|我要|麻煩|給我|告訴|想知道|請問|[?？]|嗎|是多少|有多少|住哪|是誰|在哪",
            ),
            Pattern("object", _list("private")),
            Pattern("object", _list("confidential")),
            Pattern("order", f"(?:^|[^{_HAN}])(?:請|查|找|調|列|分析|整理|比對|推測|猜)"),
            Pattern(
                "business",
                "(?:底價|談判底|未公布人事|維安|部署|檢舉人|臥底|線民|監聽"
                "|偵查)[^\n。]{0,20}(?:多少|誰|哪|何)",
            ),
            Pattern("level", "[機机]密|密件|密等|密[級级]|涉密|[擬寫成的份件]密[函簽令電文]"),
            Pattern("english", "(?:classified|secret|confidential)", caseless=True),
            Pattern(
                "ask",
                "(?:look up|find|tell me|give me|show me|get me|list|guess|reveal"
                "|what(?:'s|’s| is| are| was)|where does) ",
                caseless=True,
            ),
        )

    # guideline: ey-genai-2023:3
    # guideline: ey-genai-2023:4
    def judge(self, passage: Passage, view: View, matches: Sequence[Match]) -> Iterable[Hit]:
        """What the sentences around the matches ask for, at most once of a kind per sentence."""
        if passage.role not in _ROLES or view.kind is ViewKind.COMPACT:
            return
        text = view.text
        wishes = sorted(match.end for match in matches if match.key in _WISHES)
        objects = sorted(
            match.end
            for match in matches
            if match.key not in _WISHES and (match.key != "object" or _near(wishes, match.end))
        )
        reached = 0
        for end in objects:
            if end <= reached:
                continue
            low, high = _sentence(text, end)
            reached = max(high, end)
            for asked in _asked(text, low, high):
                yield Hit(
                    asked.kind, None, asked.start, asked.end, 0.8, self.name, asked.likelihood
                )


def _near(wishes: Sequence[int], end: int) -> bool:
    """Whether a wish, an order or a question stands within a sentence's reach of `end`."""
    place = bisect_left(wishes, end - _BEFORE)
    return place < len(wishes) and wishes[place] <= end + _AFTER


def _sentence(text: str, near: int) -> tuple[int, int]:
    """The sentence that holds the character before `near`, at most 300 characters of it."""
    at = max(0, near - 1)
    low = max([text.rfind(stop, max(0, at - _BEFORE), at) for stop in "。!！\n;；"]) + 1
    stops = [text.find(stop, at, at + _AFTER) for stop in "。!！\n;；"]
    high = min([stop for stop in stops if stop > 0], default=min(len(text), at + _AFTER))
    return max(low, at - _BEFORE, 0), high


def _asked(text: str, low: int, high: int) -> Iterator[_Asked]:
    sentence = text[low:high]
    yield from _produces(sentence, low)
    yield from _produces_in_english(sentence, low)
    yield from _about_somebody(text, sentence, low, high)
    yield from _about_business(sentence, low)


def _produces(sentence: str, low: int) -> Iterator[_Asked]:
    """Point 3: 擬一份密等為機密的簽 — but not 擬一份機密文書處理作業訓練教材."""
    for paper in _SECRET_PAPER.finditer(sentence):
        before, after = sentence[: paper.start()], sentence[paper.end() :]
        verb = next(reversed(list(_PRODUCE.finditer(before[-48:]))), None)
        if verb is not None and re.search("[,，、:：]", before[-48:][verb.end() :]):
            verb = (
                verb
                if _WANTS.search(before) and paper[0].startswith(("密等", "列", "標", "核定"))
                else None
            )
        behind = _BEHIND.match(after)
        if behind is None and verb is None and paper["document"] and _TAKES.search(before):
            behind = _TAKEN.match(after)
        if verb is None and behind is None:
            continue
        if _REFUSES.search(before) or re.match(
            r"性|法|保護法|程度|級距|等級(?:由|如何|是|區|為何|的)", after
        ):
            continue
        start = low + (len(before) - len(before[-48:]) + verb.start() if verb else paper.start())
        end = low + paper.end() + (behind.end() if behind and verb is None else 0)
        document = paper["document"] or ""
        if re.match("(?:等級)?(?:以外|之外|除外)", after) or "以外" in paper[0]:
            continue
        if not document and _ONE_OF.search(before):
            continue  # 普通、密、機密、極機密、絕對機密: what levels there are
        tail = sentence[paper.start() :]
        if _META.search(tail) and not re.search(r"依(?:照)?[^,，]{0,12}(?:格式|範本)", tail):
            continue
        if _HANDLING.match(after) or (not document and _HANDLING.match(after.lstrip("的"))):
            continue
        if _EXPLAINS.search(sentence) and not _WANTS.search(before[-20:] if verb else before):
            continue
        if _EXPLAINS.search(after):
            continue
        if verb is not None and _EXPLAINS.search(before[-48:][: verb.start()]) and not document:
            continue
        named = bool(document) or paper[0].startswith(("密", "列", "標"))
        yield _Asked(
            "produce_classified", start, end, Likelihood.LIKELY if named else Likelihood.POSSIBLE
        )
        return


def _produces_in_english(sentence: str, low: int) -> Iterator[_Asked]:
    for found in _ENGLISH_PRODUCE.finditer(sentence):
        middle = found[0][: found.start("level") - found.start()]
        if _ENGLISH_META.search(middle) or _ENGLISH_META.search(found["rest"]):
            continue
        paper = _ENGLISH_PAPER.search(found["rest"]) or _ENGLISH_PAPER.search(middle)
        if paper is None:
            continue
        confidential = found["level"].lower() == "confidential"
        end = low + found.start("level") + len(found["level"])
        yield _Asked(
            "produce_classified",
            low + found.start(),
            end,
            Likelihood.POSSIBLE if confidential else Likelihood.LIKELY,
        )
        return


def _about_somebody(text: str, sentence: str, low: int, high: int) -> Iterator[_Asked]:
    """Point 4: a particular person's private facts."""
    english = _ENGLISH_PRIVATE.search(sentence)
    if english:
        yield _Asked(
            "question_personal", low + english.start(), low + english.end(), Likelihood.LIKELY
        )
        return
    # A fact with its value behind it is given, not asked for: 電話0912-345-678.
    facts = [fact for fact in _PRIVATE.finditer(sentence) if not _GIVEN.match(sentence, fact.end())]
    if not facts:
        return
    ends = [each.end() for each in _SOMEBODY.finditer(sentence)]
    named = ends + _named(text, low, high)
    vague = _VAGUE.search(sentence)
    lookup = any(
        facts[0].start() - 24 <= verb.start() <= facts[-1].end() + 8
        for verb in _RETRIEVE.finditer(sentence)
        if _ordered(sentence, verb)
    )
    close = _close(named, facts)
    held = close or _close([each.end() for each in _VAGUE.finditer(sentence)], facts)
    lookup = lookup or any(
        0 < fact.start() - verb.end() <= 2 * _CLOSE
        for verb in _LOOKUP.finditer(sentence)
        for fact in facts
        if held and _ordered(sentence, verb)
    )
    wants = _WANTS.search(sentence) or _ORDERS.match(sentence)
    # 請問李四的身分證字號: a fact at the sentence's end is asked for without a question word.
    inquires = (
        "請問" in sentence[: facts[0].start()]
        and not sentence[facts[-1].end() :].strip("嗎呢 ")
        and not _CONTACT.match(facts[-1][0])
    )
    asks = _ASKS.search(sentence) or inquires
    rules = _RULES.search(sentence)
    if not (named or vague) or not (wants or asks) or (_MINE.search(sentence) and not named):
        return
    start, end = low + facts[0].start(), low + facts[-1].end()
    outright = (named and lookup) or (vague and _DOXXING.search(sentence))
    if not rules and (outright or (close and asks and (inquires or _DIRECT.search(sentence)))):
        yield _Asked("question_personal", start, end, Likelihood.LIKELY)
    elif rules or not (lookup or (close and asks) or (held and inquires)):
        return
    else:
        yield _Asked("question_personal", start, end, Likelihood.POSSIBLE)


def _close(ends: Sequence[int], facts: Sequence[re.Match[str]]) -> bool:
    """Whether a fact stands directly with one of those who are named: …的病歷."""
    return any(-4 <= fact.start() - end <= _CLOSE for end in ends for fact in facts)


def _ordered(sentence: str, verb: re.Match[str]) -> bool:
    """Whether the verb is what the machine is told to do: 幫我查, but not 經查 or 請王員提供."""
    if verb[0] in _OUTRIGHT:
        return True
    before = sentence[max(0, verb.start() - 8) : verb.start()]
    if verb[0] == "提供":
        return before.endswith(("請", "幫我", "可以", "能否", "可否", "給我"))
    if not before.strip(' \u3000「"') or before[-1] in ",，:：":
        return verb[0] != "查" or bool(_ASKS.search(sentence))  # 查…設於…: a letter states it
    return bool(_WANTS.search(before))


def _named(text: str, low: int, high: int) -> list[int]:
    """Where the names of a sentence end, from its beginning: here a name needs no further sign."""
    ends = [
        at + 3 - low
        for at in range(low, high - 2)
        if (given_weight(text, at, at + 3) or 0.0) >= 3.0
    ]
    return ends + [each.end - low for each in people(text, low, high) if not each.office]


_CONTACT = re.compile("電話|手機|聯絡|電子郵件")  # what one asks of an office every day
_DIRECT = re.compile(r"多少|在哪|住哪|哪裡|是什麼(?!意思)|幾號|有沒有|是誰|幾歲")


def _about_business(sentence: str, low: int) -> Iterator[_Asked]:
    """Point 4: an agency's confidential business, not the rules about it."""
    english = _ENGLISH_BUSINESS.search(sentence)
    if english:
        yield _Asked(
            "question_confidential", low + english.start(), low + english.end(), Likelihood.LIKELY
        )
        return
    business = _BUSINESS.search(sentence)
    if business is None:
        return
    itself = _OWN_CASE.search(sentence) and _ADJACENT.match(sentence, business.end())
    if _RULES.search(sentence) and not itself:
        return
    lookup, asks = _LOOKUP.search(sentence), _ASKS.search(sentence)
    wants = _WANTS.search(sentence) or _ORDERS.match(sentence)
    if not (asks or (lookup and wants)):
        return
    particular = _OWN_CASE.search(sentence) or re.search(
        r"多少|是誰|有誰|哪些(?:人|委員|廠商|店|單位|地點)|名單|在哪|何時|什麼時候|幾號|身分"
        r"|底線|內容",
        sentence,
    )
    likelihood = Likelihood.LIKELY if particular or (lookup and wants) else Likelihood.POSSIBLE
    yield _Asked("question_confidential", low + business.start(), low + business.end(), likelihood)
