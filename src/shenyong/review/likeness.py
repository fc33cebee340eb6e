"""Requests that imitate a living person: their words, voice or likeness (guideline point 7).

A person's name, voice and picture are theirs (民法 18, 19, 195); to write "in the manner of" one is
for the official to justify. Found in the request, since the draft no longer shows it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from shenyong.review.checks import Span

_MANNER = re.compile(
    r"(?:以|用|按|照|模仿|仿照|仿效|模擬|學|扮演|假裝(?:是|成)|像)"
    r"(?P<who>[^，。；\n]{1,16}?)(?:的|之)?(?:口吻|語氣|口氣|風格|筆法|筆調|文風|聲音|音色|肖像|長相"
    r"|身分|名義|模樣)"
)
_PLAIN = re.compile(
    r"^(?:正式|公務|官方|機關|本(?:機關|局|府|署|部|科|所)|新聞|公文|客觀"
    r"|溫和|親切|簡潔|輕鬆|嚴肅|專業|民眾|一般|白話|委婉"
    r"|中性|敬語|科普|口語|學術|第三人稱|第一人稱|承辦人|發言人|臺灣|台灣)"
)


# guideline: ey-genai-2023:7
def imitated(request: str, names: Sequence[Span] = ()) -> tuple[Span, ...]:
    """Whom a request asks to imitate; ``about`` is how it says so. `names`: persons in it.

    「以正式公文的語氣」 names nobody; 「用某某某的口吻」 does, recognised as a name or not.
    """
    found = []
    for match in _MANNER.finditer(request):
        who, start = match["who"], match.start("who")
        named = any(start <= each.start < match.end("who") for each in names)
        if named or (not _PLAIN.match(who) and _looks_named(who)):
            found.append(Span(*match.span(), match[0]))
    return tuple(found)


def _looks_named(who: str) -> bool:
    return bool(re.fullmatch(r"[\u4e00-\u9fff·]{2,12}|[A-Z][A-Za-z. ]{2,}", who))
