"""What a meeting's page asks for several times over, worked out once: until anything changes, or a minute has passed.

Every change of a record adds a line to the audit log in its own transaction (docs/decisions/0010), so the end of the log
tells whether anything can have changed.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

from sqlalchemy.orm import Session

from api.store.audit import end_of_log
from api.store.models.base import now

Found = TypeVar("Found")

_MOST = 12
_kept: OrderedDict[Hashable, Any] = OrderedDict()
_working: dict[Hashable, threading.Lock] = {}
_guard = threading.Lock()


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
    key = (str(session.get_bind().engine.url), asked, end_of_log(session), minute)
    with _guard:
        if key in _kept:
            return cast(Found, _answer(key))
        working = _working.setdefault(key, threading.Lock())
    try:
        with working:
            with _guard:
                if key in _kept:
                    return cast(Found, _answer(key))
            found = work_out()
            with _guard:
                _kept[key] = found
                while len(_kept) > _MOST:
                    _kept.popitem(last=False)
            return found
    finally:
        with _guard:
            _working.pop(key, None)


def _answer(key: Hashable) -> Any:
    _kept.move_to_end(key)
    return _kept[key]
