"""The worker: sends what is in the outbox, and tells people of what is due.

Every target (the mail server, each robot) is served by itself, one batch at a time: one that hangs holds up nobody else.
What could not be sent waits longer after each attempt, up to an hour, and by a little chance so that not all come back
at once; after the last attempt it is dead, and an administrator can send it again.

Between sending and marking as sent a process may be killed; then the claim ends and the message goes out once more. An
e-mail keeps its Message-ID, by which mail programs know it again; robots know no such thing.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import random
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager

import structlog
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError

from api.jobs.channels import ROBOT_PER_MINUTE, Letter, NotSentError, Send, mail, robot
from api.services.field.tracks import forget_old_tracks
from api.services.messages.cases import tell_of_dues
from api.services.messages.notices import remind_by_the_clock
from api.services.messages.wording import letter
from api.settings import Settings
from api.store import outbox
from api.store.engine import reading, writing
from api.store.models import OutboxEntry
from api.store.models.base import now
from api.store.outbox import EMAIL, Channels, Robot, with_channels

_log = structlog.get_logger("api.jobs")

BATCH = 20
FIRST_WAIT_S, LONGEST_WAIT_S = 15.0, 3600.0
_JITTER = 0.2
_IDLE_S = 2.0
_ROUNDS = 20
_SWEEP_EVERY = dt.timedelta(minutes=1)
Clock = Callable[[], dt.datetime]


def channels_of(settings: Settings) -> Channels:
    """Return what messages go out by, as the configuration says."""
    robots = tuple(Robot(hook.name, frozenset(hook.departments)) for hook in settings.webhooks)
    return Channels(settings.smtp_host is not None, robots)


def wait_s(attempts: int, chance: float) -> float:
    """Return how long to wait after so many attempts: twice as long each time, by up to a fifth more or less.

    Examples
    --------
    >>> [wait_s(n, 0.5) for n in (1, 2, 3, 20)]
    [15.0, 30.0, 60.0, 3600.0]
    """
    base = min(FIRST_WAIT_S * 2.0 ** min(attempts - 1, 20), LONGEST_WAIT_S)
    return float(base * (1 + _JITTER * (2 * chance - 1)))


class Worker:
    """Sends messages of one database; any number of workers may run beside one another.

    Parameters
    ----------
    clock
        What time it is; tests turn it.
    """

    def __init__(
        self, engine: Engine, settings: Settings, *, clock: Clock = now, chance: Callable[[], float] = random.random
    ) -> None:
        self._engine = with_channels(engine, channels_of(settings))
        self._settings = settings
        self._clock = clock
        self._chance = chance
        self._hooks = {hook.name: hook for hook in settings.webhooks}
        self._running: dict[str, asyncio.Task[int]] = {}
        self._swept: dt.datetime | None = None

    async def run(self, stop: Callable[[], bool]) -> None:
        """Work until told to stop; what is under way then ends first."""
        while not stop():
            try:
                await self._start_round()
            except DBAPIError as error:  # the database may be away for a while
                _log.warning("messages wait", why=str(error.orig)[:200])
            await asyncio.sleep(_IDLE_S)
        await asyncio.gather(*self._running.values(), return_exceptions=True)

    async def once(self) -> int:
        """Tell of what is due and send what is to be sent now; return how many messages went out."""
        await self._start_round()
        done = await asyncio.gather(*self._running.values())
        return sum(done)

    async def _start_round(self) -> None:
        moment = self._clock()
        if self._swept is None or moment - self._swept >= _SWEEP_EVERY or moment < self._swept:
            await asyncio.to_thread(self._sweep, moment)
            self._swept = moment
        self._running = {name: task for name, task in self._running.items() if not task.done()}
        for target in await asyncio.to_thread(self._due_targets, moment):
            if target not in self._running:
                self._running[target] = asyncio.create_task(self._serve(target))

    def _sweep(self, moment: dt.datetime) -> None:
        soon = dt.timedelta(minutes=self._settings.due_soon_min)
        for _ in range(_ROUNDS):  # in short transactions: nobody else who writes waits for long
            with writing(self._engine) as session:
                if not tell_of_dues(session, moment, soon=soon):
                    break
        with writing(self._engine) as session:
            remind_by_the_clock(session, moment)
            outbox.forget_before(session, moment - dt.timedelta(days=self._settings.messages_kept_days))
            if self._swept is None or self._swept.date() != moment.date():  # it reads all visits: once a day
                forget_old_tracks(session, moment, self._settings.track_days)

    def _due_targets(self, moment: dt.datetime) -> list[str]:
        with reading(self._engine) as session:
            return outbox.due_targets(session, moment)

    async def _serve(self, target: str) -> int:
        """Send a batch to one target; return how many went out."""
        sent = 0
        try:
            batch = await asyncio.to_thread(self._claim, target)
            if not batch:
                return 0
            async with self._open(target) as send:
                for number, (entry, one) in enumerate(batch):
                    failed = await self._send(send, entry, one)
                    sent += failed is None
                    if failed is not None and failed.down:
                        await self._give_back(batch[number + 1 :], failed)
                        break
        except NotSentError as error:  # the target cannot be reached at all
            for entry, _ in batch:
                await asyncio.to_thread(self._mark, entry, error)
        except DBAPIError as error:  # what was claimed is taken up again when the claim ends
            _log.warning("messages wait", target=target, why=str(error.orig)[:200])
        return sent

    def _claim(self, target: str) -> list[tuple[OutboxEntry, Letter]]:
        moment = self._clock()
        lease_s = 60 + BATCH * self._settings.message_timeout_s
        with writing(self._engine) as session:
            limit = BATCH
            if target != EMAIL:
                lately = outbox.sent_since(session, target, moment - dt.timedelta(minutes=1))
                limit = min(BATCH, ROBOT_PER_MINUTE - lately)
            entries = outbox.claim(session, target, moment, lease_s=lease_s, limit=limit) if limit > 0 else []
            return [(entry, self._letter(entry, outbox.address_of(session, entry.person_id))) for entry in entries]

    def _letter(self, entry: OutboxEntry, address: str | None) -> Letter:
        settings = self._settings
        subject, text = letter(
            entry.kind, entry.said, entry.subject, entry.subject_uuid, settings.language, settings.public_url
        )
        return Letter(str(entry.uuid), address or "", subject, text, entry.created_at)

    def _open(self, target: str) -> AbstractAsyncContextManager[Send]:
        if target == EMAIL:
            return mail(self._settings) if self._settings.smtp_host else _nowhere("e-mail is switched off")
        hook = self._hooks.get(target)
        if hook is None:
            return _nowhere(f"there is no robot {target} in the configuration any more")
        return robot(hook, self._settings.message_timeout_s)

    async def _send(self, send: Send, entry: OutboxEntry, one: Letter) -> NotSentError | None:
        failed: NotSentError | None = None
        try:
            if entry.target == EMAIL and not one.to:
                raise NotSentError("there is no e-mail address any more", hopeless=True)
            await send(one, self._clock())
        except NotSentError as error:
            failed = error
        await asyncio.to_thread(self._mark, entry, failed)
        return failed

    async def _give_back(self, batch: Sequence[tuple[OutboxEntry, Letter]], failed: NotSentError) -> None:
        """Put entries back that were not tried, since the target is down: their turn comes with the next attempt."""
        for entry, _ in batch:
            await asyncio.to_thread(self._mark, entry, failed, tried=False)

    def _mark(self, entry: OutboxEntry, failed: NotSentError | None, *, tried: bool = True) -> None:
        moment = self._clock()
        with writing(self._engine) as session:
            row = outbox.claimed(session, entry.id, entry.attempts)
            if row is None:  # our claim had ended, and another has taken it
                return
            row.claimed_until = None
            if failed is None:
                row.state, row.sent_at, row.last_error = "sent", moment, ""
                return
            row.last_error = str(failed)[:300]
            if not tried:
                row.attempts -= 1
            if tried and (failed.hopeless or row.attempts >= self._settings.message_attempts):
                row.state = "dead"
                _log.warning("message not delivered", target=row.target, attempts=row.attempts, why=row.last_error)
                return
            row.state = "waiting"
            row.next_at = moment + dt.timedelta(seconds=wait_s(max(row.attempts, 1), self._chance()))


@asynccontextmanager
async def _nowhere(why: str) -> AsyncIterator[Send]:
    async def send(_letter: Letter, _moment: dt.datetime) -> None:
        raise NotSentError(why, hopeless=True)

    yield send


@contextmanager
def working_beside(engine: Engine, settings: Settings) -> Iterator[None]:
    """Run a worker in a thread while the block runs; at the end it finishes what is under way."""
    stop = threading.Event()
    thread = threading.Thread(
        target=lambda: asyncio.run(Worker(engine, settings).run(stop.is_set)), name="messages", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        with contextlib.suppress(RuntimeError):
            thread.join(settings.message_timeout_s + 2 * _IDLE_S)
