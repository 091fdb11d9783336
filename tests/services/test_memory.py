"""Answers are worked out once, also where several ask at the same time; the oldest are forgotten."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from api.services.memory import Answers


def test_whoever_asks_meanwhile_waits_for_the_one_answer() -> None:
    answers, begun, go_on, times = Answers(most=2), threading.Event(), threading.Event(), []

    def work_out() -> object:
        times.append(1)
        begun.set()
        assert go_on.wait(30)
        return object()

    with ThreadPoolExecutor(4) as people:
        first = people.submit(answers.of, "hot?", work_out)
        assert begun.wait(30)
        others = [people.submit(answers.of, "hot?", work_out) for _ in range(3)]
        assert answers.of("another question", lambda: 7) == 7  # nobody waits for what they did not ask
        go_on.set()
        assert all(one.result(30) is first.result(30) for one in others)
    assert len(times) == 1


def test_the_last_questions_are_remembered() -> None:
    answers = Answers(most=2)
    asked: list[str] = []

    def ask(question: str) -> None:
        answers.of(question, lambda: asked.append(question))

    for question in ("a", "b", "a", "c", "a", "b"):
        ask(question)
    assert asked == ["a", "b", "c", "b"]


def test_a_question_that_fails_can_be_asked_again() -> None:
    answers = Answers(most=2)
    with pytest.raises(ZeroDivisionError):
        answers.of("why?", lambda: 1 // 0)
    assert answers.of("why?", lambda: "because") == "because"
