"""Answers that are worked out once, and kept while they are asked for."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

Found = TypeVar("Found")


class Answers:
    """The answers to the questions that were asked last.

    Parameters
    ----------
    most
        How many are kept.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[Hashable, Any] = OrderedDict()
        self._working: dict[Hashable, threading.Lock] = {}
        self._guard = threading.Lock()

    def of(self, question: Hashable, work_out: Callable[[], Found]) -> Found:
        """Return the answer to a question; whoever asks while it is worked out waits for it.

        Parameters
        ----------
        question
            All that the answer follows from.
        work_out
            Works the answer out. It must not be changed afterwards, and hold nothing of a session.
        """
        with self._guard:
            if question in self._known:
                return cast(Found, self._again(question))
            working = self._working.setdefault(question, threading.Lock())
        try:
            with working:
                with self._guard:
                    if question in self._known:
                        return cast(Found, self._again(question))
                found = work_out()
                with self._guard:
                    self._known[question] = found
                    while len(self._known) > self._most:
                        self._known.popitem(last=False)
                return found
        finally:
            with self._guard:
                self._working.pop(question, None)

    def _again(self, question: Hashable) -> Any:
        self._known.move_to_end(question)
        return self._known[question]
