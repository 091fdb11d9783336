"""The table of the closed loop: random walks by random people, and the manual that shows it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from api.security.policy import ROLES
from api.services.cases.machine import (
    GUARDS,
    GUARDS_ZH,
    MOVES,
    STATES,
    TABLE,
    WHO_TEXT,
    Doer,
    Facts,
    StateCode,
    after,
    allowed,
    why_not,
)
from api.services.cases.manual import with_table
from web.problems import in_language, templates

ROOT = Path(__file__).parents[2]
# domain.md §4, written down once more by hand: what may follow what
FOLLOWS = {
    "draft": {"reported", "void"},
    "reported": {"verified", "filed", "rejected", "void", "merged"},
    "verified": {"filed", "rejected", "void", "merged"},
    "filed": {"dispatched", "void", "merged"},
    "dispatched": {"accepted", "returned", "void", "merged"},
    "returned": {"dispatched", "void", "merged"},
    "accepted": {"in_progress", "returned", "void", "merged"},
    "in_progress": {"answered", "returned", "suspended", "void", "merged"},
    "suspended": {"in_progress", "void", "merged"},
    "answered": {"awaiting_check", "void", "merged"},
    "awaiting_check": {"closed", "in_progress", "void", "merged"},
    "closed": {"rated"},
    "rated": set(),
    "rejected": set(),
    "void": set(),
    "merged": set(),
}  # fmt: skip
ROLE_SETS = st.frozensets(st.sampled_from(ROLES), max_size=4)
DEPARTMENTS = st.integers(1, 3)
DOERS = st.builds(Doer, st.integers(1, 6), ROLE_SETS, st.none() | DEPARTMENTS, st.frozensets(DEPARTMENTS, max_size=2))
HANDLING = {"accept", "start", "answer", "ask_extension", "ask_suspension"}


def test_the_table_says_what_the_domain_says() -> None:
    found: dict[str, set[str]] = {code: set() for code in STATES}
    for move in TABLE:
        for source in move.sources:
            if move.target is not None:
                found[source].add(move.target)
    assert found == FOLLOWS
    assert {code for code, state in STATES.items() if state.final} == {c for c, follow in FOLLOWS.items() if not follow}
    assert set(GUARDS) == set(GUARDS_ZH) == {guard for move in TABLE for guard in move.guards}
    assert len(MOVES) == len(TABLE)
    assert get_args(StateCode) == tuple(STATES)
    assert set(WHO_TEXT) == {move.who for move in TABLE}


def test_every_word_of_a_refusal_has_its_chinese() -> None:
    assert [text for text in (*GUARDS.values(), *WHO_TEXT.values()) if text not in templates()] == []
    assert {state.code: templates().get(state.code) for state in STATES.values()} == {
        state.code: state.zh for state in STATES.values()
    }
    said = in_language("a case that is in_progress does not take the action accept", "zh")
    assert said == "案卷状态为“处置中”，不能进行“签收”"


def test_the_manual_shows_the_table() -> None:
    page = ROOT / "docs" / "cases.md"
    text = page.read_text(encoding="utf-8")
    assert with_table(text) == text, "run: python -m api.services.cases.manual docs/cases.md"


@pytest.mark.parametrize("role", ROLES)
def test_a_role_alone_never_handles_and_checks(role: str) -> None:
    doer = Doer(1, frozenset({role}), 1, frozenset({1}))
    facts = Facts(state="awaiting_check", department=1, handlers=frozenset({2}), handling_departments=frozenset({1}))
    assert not {"pass", "rework"} & {move.action for move in allowed(facts, doer)}


@given(doer=DOERS, facts=st.builds(Facts, state=st.sampled_from(sorted(STATES)), department=st.integers(1, 3)))
def test_what_is_offered_is_what_is_taken(doer: Doer, facts: Facts) -> None:
    offered = {move.action for move in allowed(facts, doer)}
    for move in TABLE:
        kind, what = why_not(move, facts, doer)
        assert (move.action in offered) == (kind == "")
        assert kind in {"", "state", "who", "guard"}
        assert bool(what) == bool(kind)


class Walk(RuleBasedStateMachine):
    """A case through which random people walk by whatever they are allowed, and try what they are not."""

    def __init__(self) -> None:
        super().__init__()
        self.facts = Facts(reporter=1)
        self.log: list[tuple[str, str, str, Doer]] = []
        self.in_hand: set[int | None] = set()
        self.departments_in_hand: set[int | None] = set()

    @rule(action=st.sampled_from(sorted(MOVES)), doer=DOERS, department=st.integers(1, 3))
    def somebody_tries(self, action: str, doer: Doer, department: int) -> None:
        if why_not(MOVES[action], self.facts, doer)[0] == "":
            self._take(action, doer, department)

    @precondition(lambda self: not STATES[self.facts.state].final)
    @rule(data=st.data(), department=st.integers(1, 3), extra=st.integers(1, 6))
    def somebody_does_what_is_offered(self, data: st.DataObject, department: int, extra: int) -> None:
        everybody = Doer(extra, frozenset(ROLES), None, frozenset({self.facts.department or 1}))
        doer = data.draw(DOERS.filter(lambda d: bool(allowed(self.facts, d))) | st.just(everybody))
        moves = [move.action for move in allowed(self.facts, doer) if move.target is not None]
        moves = moves or [move.action for move in allowed(self.facts, doer)]
        if moves:
            self._take(data.draw(st.sampled_from(moves)), doer, department)

    def _take(self, action: str, doer: Doer, department: int) -> None:
        before = self.facts
        if action in {"pass", "rework"}:
            assert doer.person not in self.in_hand
            assert not doer.departments & self.departments_in_hand
        self.facts = after(before, MOVES[action], doer, department)
        if action in HANDLING:
            assert before.department in doer.handles
            self.in_hand.add(doer.person)
            self.departments_in_hand.add(before.department)
        self.log.append((before.state, action, self.facts.state, doer))

    @invariant()
    def every_step_is_legal_and_none_is_lost(self) -> None:
        state = "draft"
        for source, _, target, _ in self.log:
            assert source == state
            assert target == source or target in FOLLOWS[source]
            state = target
        assert state == self.facts.state

    @invariant()
    def counts_are_those_of_the_log(self) -> None:
        actions = [action for _, action, _, _ in self.log]
        assert self.facts.reworks == actions.count("rework")
        assert self.facts.returns == actions.count("return")
        assert self.facts.extensions == sum(action.endswith("_extension") and "grant" in action for action in actions)
        assert self.facts.extensions <= 2
        assert self.facts.rung == max(
            [{"urge": 1, "assist": 2, "supervise": 3, "circulate": 4}.get(action, 0) for action in actions], default=0
        )

    @invariant()
    def the_ladder_is_climbed_rung_by_rung(self) -> None:
        order = [action for _, action, _, _ in self.log if action in {"urge", "assist", "supervise", "circulate"}]
        for rung, action in enumerate(["urge", "assist", "supervise"]):
            following = ["assist", "supervise", "circulate"][rung]
            if following in order:
                assert action in order[: order.index(following)]

    @invariant()
    def what_was_handled_is_known_for_good(self) -> None:
        assert self.in_hand == set(self.facts.handlers)
        assert self.departments_in_hand == set(self.facts.handling_departments)


TestWalk: Any = Walk.TestCase
TestWalk.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)


def test_a_walk_reaches_every_state() -> None:
    """Breadth first with one person of each kind: nothing in the table is out of reach."""
    office, leader = Doer(1, frozenset({"dispatcher"})), Doer(2, frozenset({"leader"}))
    handler, inspector = Doer(3, frozenset({"handler"}), 1, frozenset({1})), Doer(4, frozenset({"inspector"}))
    waiting, seen, used = [Facts(reporter=4)], set(), set()
    while waiting:
        facts = waiting.pop()
        if facts in seen or facts.reworks > 1 or facts.returns > 1:
            continue
        seen.add(facts)
        if facts.state == "dispatched":
            waiting.append(replace(facts, lead_ended=True))  # a department may end while it has a case in hand
        for doer in (office, leader, handler, inspector):
            for move in allowed(facts, doer):
                used.add(move.action)
                waiting.append(after(facts, move, doer, 1))
    assert {facts.state for facts in seen} == set(STATES)
    assert used == set(MOVES)
