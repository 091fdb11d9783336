"""What a meeting's page asks for several times over, worked out once: until anything changes, or a minute has passed.

Every change of a record adds a line to the audit log in its own transaction (docs/decisions/0010), so the end of the log
tells whether anything can have changed.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

from sqlalchemy.orm import Session

from api.services.memory import Answers
from api.store.audit import end_of_log
from api.store.models.base import now

Found = TypeVar("Found")

_answers = Answers(most=12)


def kept(session: Session, asked: Hashable, work_out: Callable[[], Found]) -> Found:
    """Return what was worked out from the records as they are in this minute; whoever asks meanwhile waits for it.

    Parameters
    ----------
    asked
        The question, with all that the answer follows from but the records and the time.
    work_out
        Works the answer out. It must not be changed afterwards, and hold nothing of the session.
    """
    minute = now().replace(second=0, microsecond=0)
    return _answers.of((str(session.get_bind().engine.url), asked, end_of_log(session), minute), work_out)
