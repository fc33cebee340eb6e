"""The demonstration's officers: rules, uses, contracts, incidents, kept by the office's own code.

Some are decided, some wait for a second pair of eyes, and one clock is running. Content only, and
the hand that takes each step; what may be done, and what follows, is the office's.
"""

from __future__ import annotations

import datetime
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import msgspec

from shenyong.cli.seeds import AGENCY, PEOPLE
from shenyong.decision.compose import Composed, Limit, cedar
from shenyong.governance import KINDS, Actor
from shenyong.governance.form import Values
from shenyong.guideline.terms import DataClass
from shenyong.web import office
from shenyong.web.context import Desk
from shenyong.web.words import local

_DAY = 86_400_000_000
_HOUR = 3_600_000_000
_ACTORS = {each.id: Actor(each.id, AGENCY, each.roles, each.unit) for each in PEOPLE}
Agenda = list[tuple[int, Callable[[Desk], Awaitable[Any]]]]


class Taken(msgspec.Struct, frozen=True):
    """A step of a record's story: who does what, how many days after the one before."""

    actor: str
    action: str
    values: Values = {}
    after: float = 1.0


class Told(msgspec.Struct, frozen=True):
    """A record's story: its kind, who opened it, how many days ago, its answers and its steps."""

    kind: str
    actor: str
    days: float
    values: Values
    steps: tuple[Taken, ...] = ()


def agenda(at: int) -> Agenda:
    """What officers did in the demonstration's sixty days, each as a time and the work."""
    found: Agenda = []
    for told in stories(at):
        begin = at - round(told.days * _DAY)
        telling = _Telling(told)
        found.append((begin, partial(telling.open, begin)))
        for taken in told.steps:
            begin += round(taken.after * _DAY)
            found.append((begin, partial(telling.take, taken, begin)))
    return found


class _Telling:
    def __init__(self, told: Told) -> None:
        self._told, self._id = told, ""

    async def open(self, at: int, desk: Desk) -> None:
        told = self._told
        made = await office.create(desk, KINDS[told.kind], _ACTORS[told.actor], told.values, at)
        self._id = made.id

    async def take(self, taken: Taken, at: int, desk: Desk) -> None:
        await desk.worker.catch_up()  # what an earlier step changed is in force
        await office.step(desk, self._id, taken.action, _ACTORS[taken.actor], taken.values, at=at)


def stories(at: int) -> tuple[Told, ...]:
    """The stories, as they would be told on the day of `at`."""

    def day(days: int) -> str:
        return (local(at).date() + datetime.timedelta(days=days)).isoformat()

    year = local(at).year - 1911
    limits = cedar(Composed("unit-limits", limits=(Limit("資料治理科", DataClass.PERSONAL),)))
    lineage = cedar(Composed("lineages", lineages=("demo-banned",), countries=("ZZ",)))
    return (
        Told(
            "use", "lin", 58,
            {"title": "民眾來信回復草擬", "purpose": "general", "owner": "lin", "users": "unit",
             "classes": ["D0", "D2"], "ground": "pdpa15_1", "purpose_code": "", "harms":
             "回復內容與法令不符，或將來信人之個人資料送出。", "before_design": "limited",
             "before_operation": "low", "before_society": "low", "basis": "one_of_several",
             "responses": "送出前遮蔽個人資料；逐項查證；主管覆核後發出。", "after_design": "low",
             "after_operation": "low", "after_society": "low", "review_by": day(300)},
            (Taken("lin", "submit"), Taken("chen", "approve", {"note": "同意，每半年檢視。"})),
        ),
        Told(
            "use", "kao", 6,
            {"title": "裁罰案件文稿之初步整理", "purpose": "administrative_act_support",
             "owner": "kao", "users": "unit", "classes": ["D0", "D1"], "ground": "none",
             "purpose_code": "", "harms": "以未經確認之整理結果作成不利處分。",
             "before_design": "high", "before_operation": "limited", "before_society": "low",
             "basis": "principal", "responses": "僅整理卷內文字；事實及裁量由承辦人另行判斷。",
             "after_design": "limited", "after_operation": "low", "after_society": "low",
             "review_by": day(90)},
            (Taken("kao", "submit"),),
        ),
        Told(
            "rules", "tang", 41,
            {"pack": "lineages", "reason": "資通安全管理法：危害國家資通安全產品不得使用。",
             "cedar": lineage, "examples": "env=E4 expect=allow"},
            (Taken("tang", "propose", {}, 0.1),
             Taken("yeh", "approve", {"from": day(-40), "note": "同意。"}, 0.5)),
        ),
        Told(
            "rules", "tang", 2,
            {"pack": "unit-limits", "reason": "資料治理科僅得送出個人資料以下之資訊，報請核定。",
             "cedar": limits, "examples": "env=E4 expect=allow"},
            (Taken("tang", "try", {}, 0.1), Taken("tang", "propose", {}, 0.1)),
        ),
        Told(
            "confirmation", "wu", 4,
            {"model": "onprem/gemma-3-270m", "stack": "llama.cpp", "segment": "loopback",
             "weights_sha256": "0" * 64, "max_class": "D1",
             "evidence": f"弱點掃描報告 DEMO-{year}-07\n對外連線測試 DEMO-{year}-08",
             "air_gapped": "no", "approved_crypto": "", "from": day(0), "until": day(180)},
            (Taken("tang", "confirm", {"note": "證據齊備，權重雜湊待重新計算後再核准。"}),),
        ),
        Told(
            "contract", "ho", 50,
            {"title": "民眾信件回覆系統維運案", "contractor": "示範資訊股份有限公司",
             "tax_id": "", "begins": day(-50), "ends": day(250), "nature": "software",
             "secrets": "no", "core_system": "no", "classes": ["D0", "D1"],
             "incident_hours": "1", "retention_months": "6"},
            (Taken("ho", "start", {}, 0.1),
             Taken("ho", "accept", {"person": "江示範", "post": "專案經理",
                                    "accepted_on": day(-49)}, 0.2),
             Taken("ho", "declare_tool",
                   {"tool": "程式碼輔助工具", "version": "示範 1.0", "country": "TW",
                    "tool_purpose": "產生單元測試", "tool_classes": ["D0"], "approved": "yes"}, 2),
             Taken("ho", "accept", {"person": "江示範", "post": "專案經理",
                                    "accepted_on": day(-38)}, 9),
             Taken("ho", "deliver",
                   {"deliverable": "第一期程式與測試報告", "ai_used": "yes",
                    "ai_parts": "單元測試之骨架，逐支檢視。", "checked_by": "林示範"}, 20)),
        ),
        Told(
            "incident", "lin", 0.8,
            {"title": "下載之文稿誤寄外部信箱", "sort": "leak",
             "what": "誤將含三位陳情人聯絡資料之文稿寄至業務外信箱，已請收件人刪除並回復確認。",
             "categories": ["contact"], "count": "3", "decision": ""},
            (Taken("tang", "contain", {"note": "已確認刪除；調查範圍中。"}, 0.2),),
        ),
        Told(
            "subject_request", "yeh", 9,
            {"right": "inquire", "subject": "示範陳情人", "identified_by": "document",
             "terms": "示範陳情人", "scope": "本年度陳情案"},
            (Taken("yeh", "search"),),
        ),
        Told(
            "retention", "yeh", 55,
            {"what": "log", "days": "365", "ground": "機關內控：日誌保存一年。"},
            (Taken("chen", "approve", {"note": "同意。"}),),
        ),
        Told(
            "delegation", "chen", 3,
            {"person": "chen", "deputy": "su", "from": day(7), "until": day(11),
             "reason": "休假"},
            (Taken("hsu", "grant", {"note": ""}),),
        ),
        Told(
            "training", "tang", 45,
            {"person": "lin", "course": "生成式 AI 參考指引與資安通識", "hours": "3",
             "until": day(320)},
        ),
        Told(
            "comment", "kao", 12,
            {"point": "6", "edition": "", "text": "翻譯輔助是否也需揭露，請明確規定。",
             "proposal": "揭露方式得依產出之影響程度區分等級。"},
        ),
    )  # fmt: skip
