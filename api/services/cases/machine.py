"""What may be done with a case, by whom, and what comes of it: one table, without a database and without HTTP.

After the closed loop of the GB/T 30428 family: 信息采集 → 案卷建立 → 任务派遣 → 任务处理 → 处理反馈 → 核查结案 →
综合评价. ``docs/cases.md`` shows the same table (``api/services/cases/manual.py`` writes it, a test compares).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

Clock = Literal["", "file", "dispatch", "accept", "handle", "check"]
Who = Literal["anyone", "reporter", "field", "office", "leader", "department"]
Need = Literal["note", "department", "amount", "into", "score", "departments"]

StateCode = Literal[
    "draft", "reported", "verified", "rejected", "filed", "dispatched", "returned", "accepted", "in_progress",
    "suspended", "answered", "awaiting_check", "closed", "rated", "void", "merged",
]  # fmt: skip

OFFICE_ROLES = frozenset({"dispatcher", "admin"})
FIELD_ROLES = frozenset({"inspector", "police"})
MOST_EXTENSIONS = 2


@dataclass(frozen=True)
class State:
    """A state of a case, and the clock that runs in it; ``final`` ones are left by nothing."""

    code: str
    zh: str
    en: str
    clock: Clock = ""
    final: bool = False


@dataclass(frozen=True)
class Move:
    """One thing that somebody may do with a case.

    Attributes
    ----------
    sources, target
        The states it starts from, and that it leads to; without a target the state stays.
    who
        Who may: any of them.
    guards
        What must hold beside the state, by name (``GUARDS``).
    needs
        What has to be sent with it.
    """

    action: str
    zh: str
    en: str
    sources: tuple[str, ...]
    target: str | None
    who: tuple[Who, ...]
    needs: tuple[Need, ...] = ()
    guards: tuple[str, ...] = ()


@dataclass(frozen=True)
class Asked:
    """What a department has asked for, by whom: ``extension`` or ``suspension``."""

    kind: str
    by: int | None


@dataclass(frozen=True)
class Facts:
    """What the table needs to know of a case.

    Attributes
    ----------
    department
        The department that leads now.
    handlers, handling_departments
        Everybody, and every department, that ever had it in hand: none of them checks it.
    lead_ended
        Whether the department that leads is one no more.
    rung
        0 nothing, 1 urged, 2 assisted, 3 supervised, 4 circulated.
    """

    state: str = "draft"
    reporter: int | None = None
    department: int | None = None
    handlers: frozenset[int] = frozenset()
    handling_departments: frozenset[int] = frozenset()
    asked: Asked | None = None
    extensions: int = 0
    rung: int = 0
    reworks: int = 0
    returns: int = 0
    lead_ended: bool = False


@dataclass(frozen=True)
class Doer:
    """Somebody who wants to do something.

    Attributes
    ----------
    department
        The one they belong to.
    handles
        The departments whose cases they handle today: their own, and those of handlers in whose place they are.
    """

    person: int | None
    roles: frozenset[str]
    department: int | None = None
    handles: frozenset[int] = frozenset()

    @property
    def departments(self) -> frozenset[int]:
        """All departments that they speak of as theirs today."""
        return self.handles | ({self.department} if self.department is not None else set())


STATES: dict[str, State] = {
    state.code: state
    for state in (
        State("draft", "草稿", "Draft"),
        State("reported", "已上报", "Reported", "file"),
        State("verified", "已核实", "Verified", "file"),
        State("rejected", "不予立案", "Not filed", final=True),
        State("filed", "已立案", "Filed", "dispatch"),
        State("dispatched", "已派遣", "Dispatched", "accept"),
        State("returned", "已退回", "Returned", "dispatch"),
        State("accepted", "已签收", "Accepted", "handle"),
        State("in_progress", "处置中", "In progress", "handle"),
        State("suspended", "已挂账", "Suspended"),
        State("answered", "已反馈", "Answered", "check"),
        State("awaiting_check", "待核查", "Awaiting check", "check"),
        State("closed", "已结案", "Closed"),
        State("rated", "已评价", "Rated", final=True),
        State("void", "作废", "Void", final=True),
        State("merged", "已并案", "Merged", final=True),
    )
}
UNDER_WAY = ("filed", "dispatched", "returned", "accepted", "in_progress", "suspended", "answered", "awaiting_check")
OPEN = ("reported", "verified", *UNDER_WAY)
OVER = frozenset({state.code for state in STATES.values() if state.final} | {"closed"})
RUNGS = ("", "urged", "assisted", "supervised", "circulated")

_D: tuple[Who, ...] = ("department",)
_O: tuple[Who, ...] = ("office",)
_L: tuple[Who, ...] = ("leader",)
_CHECK: tuple[Who, ...] = ("field", "office")

TABLE: tuple[Move, ...] = (
    # filing
    Move("report", "上报", "Report", ("draft",), "reported", ("reporter", "office")),
    Move("discard", "丢弃", "Discard", ("draft",), "void", ("reporter", "office")),
    Move("verify", "核实", "Verify", ("reported",), "verified", ("field", "office"), ("note",)),
    Move("file", "立案", "File", ("reported", "verified"), "filed", _O),
    Move("reject", "不予立案", "Do not file", ("reported", "verified"), "rejected", _O, ("note",)),
    # dispatch
    Move("dispatch", "派遣", "Dispatch", ("filed",), "dispatched", _O),
    Move("redispatch", "改派", "Dispatch again", ("returned",), "dispatched", _O, ("department",)),
    Move("return", "退回", "Return", ("dispatched", "accepted"), "returned", _D, ("note",)),
    Move("take_back", "收回", "Take back", ("dispatched", "accepted", "in_progress"), "returned", _O,
         ("note",), ("lead_ended",)),
    # handling
    Move("accept", "签收", "Accept", ("dispatched",), "accepted", _D),
    Move("start", "开始处置", "Start", ("accepted",), "in_progress", _D),
    Move("answer", "反馈", "Answer", ("in_progress",), "answered", _D, ("note",)),
    # more time
    Move("ask_extension", "申请延期", "Ask for an extension", ("accepted", "in_progress"), None, _D,
         ("note", "amount"), ("nothing_asked", "extensions_left")),
    Move("grant_first_extension", "批准首次延期", "Grant the first extension", ("accepted", "in_progress"), None, _O,
         (), ("extension_asked", "first_extension", "not_asker")),
    Move("grant_second_extension", "批准二次延期", "Grant the second extension", ("accepted", "in_progress"), None, _L,
         (), ("extension_asked", "second_extension", "not_asker")),
    Move("ask_suspension", "申请挂账", "Ask for suspension", ("in_progress",), None, _D, ("note",), ("nothing_asked",)),
    Move("grant_suspension", "批准挂账", "Grant suspension", ("in_progress",), "suspended", _O,
         (), ("suspension_asked", "not_asker")),
    Move("refuse_request", "驳回申请", "Refuse the request", ("accepted", "in_progress"), None, ("office", "leader"),
         ("note",), ("something_asked", "not_asker")),
    Move("resume", "恢复处置", "Resume", ("suspended",), "in_progress", ("department", "office")),
    # check: never by whoever handled it
    Move("send_to_check", "派核查", "Send to check", ("answered",), "awaiting_check", _O),
    Move("pass", "核查通过并结案", "Pass and close", ("awaiting_check",), "closed", _CHECK, ("note",), ("not_handler",)),
    Move("rework", "返工", "Send back for rework", ("awaiting_check",), "in_progress", _CHECK,
         ("note",), ("not_handler",)),
    Move("rate", "评价", "Rate", ("closed",), "rated", ("reporter", "office"), ("score",), ("not_handler",)),
    # no case of its own
    Move("void", "作废", "Void", OPEN, "void", _O, ("note",)),
    Move("merge", "并案", "Merge", OPEN, "merged", _O, ("into",)),
    # the ladder: 催办 → 协办 → 督办 → 通报
    Move("urge", "催办", "Urge", UNDER_WAY, None, ("office", "leader")),
    Move("assist", "协办", "Bring in departments to assist", UNDER_WAY, None, _O, ("departments",), ("urged",)),
    Move("supervise", "督办", "Supervise", UNDER_WAY, None, _L, ("note",), ("assisted",)),
    Move("circulate", "通报", "Circulate", UNDER_WAY, None, _L, ("note",), ("supervised",)),
    # beside
    Move("comment", "备注", "Comment", tuple(STATES), None, ("anyone",), ("note",)),
)  # fmt: skip
MOVES: dict[str, Move] = {move.action: move for move in TABLE}
_FROM = {state: [move for move in TABLE if state in move.sources] for state in STATES}
_RUNG_OF = {"urge": 1, "assist": 2, "supervise": 3, "circulate": 4}
_MAY_ASK = {source for action in ("ask_extension", "ask_suspension") for source in MOVES[action].sources}
IN_HAND = frozenset({"accept", "start", "answer", "ask_extension", "ask_suspension"})

# name → what is said where it does not hold (English; the Chinese stands in web/locales/problems.toml)
GUARDS: dict[str, str] = {
    "lead_ended": "the department that leads is still one; it returns the case itself",
    "nothing_asked": "a request is waiting for its answer already",
    "something_asked": "nothing has been asked for",
    "extension_asked": "no extension has been asked for",
    "suspension_asked": "no suspension has been asked for",
    "extensions_left": "it has been extended twice already",
    "first_extension": "the second extension is for a leader to grant",
    "second_extension": "the first extension is for the office to grant",
    "not_asker": "whoever asked does not decide",
    "not_handler": "whoever handled a case, or belongs to a department that did, does not check it",
    "urged": "it has not been urged yet",
    "assisted": "no department assists yet",
    "supervised": "it is not supervised yet",
}
GUARDS_ZH: dict[str, str] = {
    "lead_ended": "主办部门已撤销",
    "nothing_asked": "没有待批申请",
    "something_asked": "有待批申请",
    "extension_asked": "已申请延期",
    "suspension_asked": "已申请挂账",
    "extensions_left": "延期未满两次",
    "first_extension": "首次延期",
    "second_extension": "第二次延期",
    "not_asker": "不是申请人",
    "not_handler": "本人及所在部门未经办过",
    "urged": "已催办",
    "assisted": "已协办",
    "supervised": "已督办",
}
# whom a move is for, as a refusal says it
WHO_TEXT: dict[tuple[Who, ...], str] = {
    ("anyone",): "everybody who sees the case",
    ("reporter", "office"): "whoever reported it, or the office",
    ("field", "office"): "an inspector, the police or the office",
    ("office",): "the office",
    ("leader",): "a leader",
    ("office", "leader"): "the office or a leader",
    ("department",): "a handler of the department that leads",
    ("department", "office"): "a handler of the department that leads, or the office",
}


def _holds(guard: str, facts: Facts, doer: Doer) -> bool:
    asked = None if facts.asked is None else facts.asked.kind
    match guard:
        case "not_handler":
            return not doer.departments & facts.handling_departments and doer.person not in facts.handlers
        case "not_asker":
            return facts.asked is None or facts.asked.by != doer.person
        case "nothing_asked":
            return asked is None
        case "something_asked":
            return asked is not None
        case "extension_asked" | "suspension_asked":
            return asked == guard.removesuffix("_asked")
        case "extensions_left":
            return facts.extensions < MOST_EXTENSIONS
        case "first_extension" | "second_extension":
            return facts.extensions == (guard == "second_extension")
        case "lead_ended":
            return facts.lead_ended
        case "urged" | "assisted" | "supervised":
            return facts.rung >= RUNGS.index(guard)
    raise KeyError(guard)


def is_one_of(who: tuple[Who, ...], facts: Facts, doer: Doer) -> bool:
    """Return whether somebody is one of those whom a move is for."""
    return any(_is(one, facts, doer) for one in who)


def _is(who: Who, facts: Facts, doer: Doer) -> bool:
    match who:
        case "anyone":
            return True
        case "reporter":
            return doer.person is not None and doer.person == facts.reporter
        case "field":
            return bool(doer.roles & FIELD_ROLES)
        case "office":
            return bool(doer.roles & OFFICE_ROLES)
        case "leader":
            return "leader" in doer.roles
        case "department":
            return facts.department in doer.handles


def why_not(move: Move, facts: Facts, doer: Doer) -> tuple[Literal["", "state", "who", "guard"], str]:
    """Return why somebody may not do something now: of what kind the reason is, and which; two empty texts if they may.

    The state comes first: somebody who was overtaken is to hear that, and not that they lack a right.
    """
    if facts.state not in move.sources:
        return "state", facts.state
    if not is_one_of(move.who, facts, doer):
        return "who", WHO_TEXT[move.who]
    missed = next((guard for guard in move.guards if not _holds(guard, facts, doer)), None)
    return ("", "") if missed is None else ("guard", missed)


def allowed(facts: Facts, doer: Doer) -> list[Move]:
    """Return what somebody may do with a case now, in the order of the table."""
    return [move for move in _FROM[facts.state] if why_not(move, facts, doer)[0] == ""]


def in_name_of(facts: Facts, move: Move, doer: Doer) -> int | None:
    """Return the department in whose name somebody does something: the one that leads, if they handle its cases."""
    is_its = "department" in move.who and facts.department in doer.handles
    return facts.department if is_its else doer.department


def after(facts: Facts, move: Move, doer: Doer, department: int | None = None) -> Facts:
    """Return the facts after a move; ``department`` is the one that a case is dispatched to."""
    new = replace(facts, state=move.target or facts.state)
    action = move.action
    if action in {"dispatch", "redispatch"} and department is not None:
        new = replace(new, department=department, lead_ended=False)
    if action in IN_HAND:
        people = facts.handlers if doer.person is None else facts.handlers | {doer.person}
        owners = facts.handling_departments if facts.department is None else (
            facts.handling_departments | {facts.department}
        )  # fmt: skip
        new = replace(new, handlers=people, handling_departments=owners)
    if action in {"ask_extension", "ask_suspension"}:
        new = replace(new, asked=Asked(action.removeprefix("ask_"), doer.person))
    elif action.startswith("grant_") or action == "refuse_request" or new.state not in _MAY_ASK:
        new = replace(new, asked=None)  # granted, refused, or overtaken by what has become of the case
    if action in {"grant_first_extension", "grant_second_extension"}:
        new = replace(new, extensions=facts.extensions + 1)
    if action in _RUNG_OF:
        new = replace(new, rung=max(facts.rung, _RUNG_OF[action]))
    return replace(new, reworks=facts.reworks + (action == "rework"), returns=facts.returns + (action == "return"))
