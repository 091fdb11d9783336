"""Who is told at once that cases have changed: one look at the database a second for all who listen.

Every change of a case adds a line to a flow log, so the ids of those lines are the counter of changes, whichever process
or database wrote them. Each listener is told which cases changed of those that they may see, and nothing else of them.
Before anything is told, it is looked up whether they are still signed in, with the same roles; else they are let go.
A listener holds neither a thread nor a connection to the database; one who is slow hears of several changes at once.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from dataclasses import dataclass, field
from typing import Any

import anyio
import anyio.to_thread
import structlog
from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from api.errors import UnavailableError
from api.security.people import Actor
from api.security.sessions import still_is
from api.services.cases.views import seer_of
from api.store import case_changes, cases
from api.store.case_changes import Change
from api.store.cases import Seer
from api.store.engine import reading
from api.store.models.base import now

LOOK_S = 1.0
BEAT_S = 15.0
LONGEST_S = 120.0  # then the client comes again, and who they are and what they may see is looked up anew
MOST = 500
MOST_EACH = 12
MOST_NAMED = 200
BEHIND = 300  # a transaction that ends late may bring a line with an id below one that was seen already
AGAIN = 20  # for the same reason somebody who comes back hears the last few again
_log = structlog.get_logger("api.live")


@dataclass(frozen=True)
class _Sight:
    """Who listens, and what limits the cases that they see; ``seer`` None: every case but drafts of others."""

    actor: Actor
    seer: Seer | None


@dataclass
class _Listener:
    sight: _Sight
    news: asyncio.Event = field(default_factory=asyncio.Event)
    changed: set[str] = field(default_factory=set)
    too_many: bool = False
    gone: bool = False

    def let_go(self) -> None:
        """End: their session has, or they have become somebody else."""
        self.gone = True
        self.news.set()

    def tell(self, changed: Collection[str], *, too_many: bool) -> None:
        """Keep what is to be said; beyond some number only that there was much."""
        self.changed |= set(changed)
        if too_many or len(self.changed) > MOST_NAMED:
            self.changed.clear()
            self.too_many = True
        if changed or self.too_many:
            self.news.set()


class Live:
    """The listeners of one process."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._listeners: list[_Listener] = []
        self._task: asyncio.Task[None] | None = None
        self._beginning = asyncio.Lock()
        self._mark = 0
        self._seen: set[int] = set()
        self._closed = False
        self._one_thread = anyio.CapacityLimiter(1)

    @property
    def listeners(self) -> int:
        """Return how many listen now."""
        return len(self._listeners)

    def close(self) -> None:
        """Let all who listen go: the server ends."""
        self._closed = True
        for one in self._listeners:
            one.news.set()

    def require_room(self, actor: Actor) -> None:
        """Refuse one listener too many.

        Raises
        ------
        UnavailableError
            Where too many listen already, in all or as this person.
        """
        own = sum(one.sight.actor.id == actor.id for one in self._listeners)
        if self._closed or len(self._listeners) >= MOST or own >= MOST_EACH:
            raise UnavailableError("too many listen already; ask again from time to time instead")

    async def listen(self, actor: Actor, since: int | None) -> AsyncIterator[bytes]:
        """Yield server-sent events until the listener goes, the server ends, or some minutes are over.

        Parameters
        ----------
        since
            The id of the last event that the client has seen (``Last-Event-ID``): what came after is told first.
        """
        me = _Listener(_Sight(actor, await self._in_thread(_limits_of, self._engine, actor)))
        self._listeners.append(me)
        try:
            yield b"retry: 3000\n\n"
            await self._begin()
            if since is not None:
                missed = await self._in_thread(_look, self._engine, since - AGAIN)
                await self._tell([me], missed)
            yield _event(self._mark, "hello", {})
            until = time.monotonic() + LONGEST_S
            while not self._closed and time.monotonic() < until:
                with anyio.move_on_after(BEAT_S):
                    await me.news.wait()
                if me.gone:
                    return
                if me.news.is_set() and not self._closed:
                    told = {"all": True} if me.too_many else {"cases": sorted(me.changed)}
                    me.news.clear()
                    me.changed.clear()
                    me.too_many = False
                    yield _event(self._mark, "cases", told)
                else:
                    yield b"event: beat\ndata: {}\n\n"  # an event: of comments a page never hears
        finally:
            self._listeners.remove(me)

    async def _begin(self) -> None:
        """Look at the database from now on, if nobody does: while nobody listens, nobody looks."""
        async with self._beginning:
            if self._task is not None and not self._task.done():
                return
            there = await self._in_thread(_look, self._engine, None)
            self._seen = {one.entry for one in there}
            self._mark = max(self._seen, default=0)
            self._task = asyncio.create_task(self._look_again_and_again())

    async def _look_again_and_again(self) -> None:
        while self._listeners and not self._closed:
            await asyncio.sleep(LOOK_S)
            try:
                changes = await self._in_thread(_look, self._engine, self._mark - BEHIND)
                fresh = [one for one in changes if one.entry not in self._seen]
                if fresh:
                    await self._tell(list(self._listeners), fresh)
            except (SQLAlchemyError, UnavailableError) as error:  # it is asked again in a second
                _log.warning("live", failure=type(error).__name__)
                continue
            self._seen = {one.entry for one in changes}
            self._mark = max(self._seen, default=self._mark)

    async def _tell(self, listeners: Sequence[_Listener], changes: Sequence[Change]) -> None:
        sights = {one.sight for one in listeners}
        seen = await self._in_thread(_seen_by, self._engine, changes, sights)
        for one in listeners:
            told = seen[one.sight]
            if told is None:
                one.let_go()
            else:
                one.tell(told, too_many=len(changes) >= case_changes.MOST)

    async def _in_thread(self, work: Callable[..., Any], *given: Any) -> Any:
        return await anyio.to_thread.run_sync(work, *given, limiter=self._one_thread)


def _limits_of(engine: Engine, actor: Actor) -> Seer | None:
    with reading(engine) as session:
        return seer_of(session, actor)


def _look(engine: Engine, after: int | None) -> list[Change]:
    """Return the changes after one; None: the last ones there are."""
    with reading(engine) as session:
        start = case_changes.last_change(session) - BEHIND if after is None else after
        return case_changes.changes_after(session, start)


def _seen_by(engine: Engine, changes: Sequence[Change], sights: Collection[_Sight]) -> dict[_Sight, set[str] | None]:
    """Return which of the changed cases each of those who listen may see; None: whoever it was is not signed in now."""
    out: dict[_Sight, set[str] | None] = {}
    with reading(engine) as session:
        for sight in sights:
            if not still_is(session, sight.actor, now()):
                out[sight] = None
                continue
            shown = [one for one in changes if one.state != "draft" or one.reporter == sight.actor.id]
            if sight.seer is not None:
                known = cases.visible_among(session, sorted({one.case for one in shown}), sight.seer)
                shown = [one for one in shown if one.case in known]
            out[sight] = {str(one.uuid) for one in shown}
    return out


def _event(mark: int, kind: str, data: object) -> bytes:
    return f"id: {mark}\nevent: {kind}\ndata: {json.dumps(data)}\n\n".encode()
