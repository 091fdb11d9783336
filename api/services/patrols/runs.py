"""Searches for plans in the background: one at a time, with progress in the database and an end that can be asked for.

A search that the program did not survive leaves its plan in the state planning; after a while it may be asked for again.
"""

from __future__ import annotations

import threading
import time
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import structlog
from sqlalchemy.engine import Engine

from api.errors import CampusError
from api.services.patrols.kept import by_hand_of, candidate_of, fill, outcome_of, request_of, routes_of, rows_of
from api.services.patrols.planning import Limits, day_candidates, limits_for, solve
from api.settings import Settings
from api.store import cities, patrols
from api.store.audit import Who
from api.store.engine import reading, writing
from api.store.models import PatrolRun
from api.store.models.base import now
from gis.errors import GisError
from gis.patrols import Progress

_TELL_EVERY_S = 0.4
_SYSTEM = Who(None, "", "system")
log = structlog.get_logger()


class Searches:
    """The searches of one server."""

    def __init__(self, engine: Engine, settings: Settings) -> None:
        self._engine = engine
        self._settings = settings
        self._pool = ThreadPoolExecutor(max_workers=1, thread_name_prefix="patrols")
        self._ending = threading.Event()
        self._under_way: dict[uuid.UUID, Future[None]] = {}

    def begin(self, identity: uuid.UUID) -> None:
        """Make a plan that was asked for, as soon as those before it are made."""
        self._under_way = {key: one for key, one in self._under_way.items() if not one.done()}
        self._under_way[identity] = self._pool.submit(self._make, identity)

    def wait(self) -> None:
        """Wait for all searches that were begun."""
        for one in list(self._under_way.values()):
            one.result()

    def end(self) -> None:
        """End what is under way with the best so far, and begin nothing more."""
        self._ending.set()
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _make(self, identity: uuid.UUID) -> None:
        try:
            self._plan(identity)
        except (CampusError, GisError) as error:
            self._failed(identity, getattr(error, "detail", str(error)))
        except Exception:
            log.exception("patrol_plan_failed", plan=str(identity))
            self._failed(identity, "the fault is on our side, and is in the log")

    def _failed(self, identity: uuid.UUID, why: str) -> None:
        with writing(self._engine, _SYSTEM) as session:
            plan = patrols.get_plan(session, identity, lock=True)
            if plan is not None and plan.state == "planning":
                plan.state, plan.problem = "failed", why[:500]
                plan.version += 1

    def _plan(self, identity: uuid.UUID) -> None:
        self._gather(identity)
        with reading(self._engine) as session:
            plan = patrols.get_plan(session, identity)
            if plan is None or plan.state != "planning":
                return
            city = cities.city_of(session, plan.city_id)
            wanted = request_of(plan.wanted, plan.day, city.code, exact=plan.basis == "exact")
            rows = patrols.stops_of(session, plan.id)
            teller = _Teller(self._engine, plan.id, self._ending)
            made = solve(session, city, wanted, [candidate_of(row) for row in rows], _limits(plan.wanted, len(rows)),
                         by_hand_of(rows), teller)  # fmt: skip
        with writing(self._engine, _SYSTEM) as session:
            kept = patrols.get_plan(session, identity, lock=True)
            if kept is None or kept.state != "planning":
                return
            fill(patrols.stops_of(session, kept.id), made)
            run = session.get_one(PatrolRun, kept.id)
            run.routes, run.done, run.iterations, run.best, run.at = (
                routes_of(made),
                1.0,
                made.plan.iterations,
                {},
                now(),
            )
            kept.outcome, kept.state = outcome_of(made), "ready"
            kept.version += 1

    def _gather(self, identity: uuid.UUID) -> None:
        """Find the places of a plan, unless it has them already: when a planner changes a plan, its places stay."""
        with reading(self._engine) as session:
            plan = patrols.get_plan(session, identity)
            if plan is None or plan.state != "planning" or patrols.stops_of(session, plan.id):
                return
            city = cities.city_of(session, plan.city_id)
            wanted = request_of(plan.wanted, plan.day, city.code, exact=plan.basis == "exact")
            rows = rows_of(day_candidates(session, city, self._settings, wanted, without=plan.id))
        with writing(self._engine, _SYSTEM) as session:
            for row in rows:
                row.plan_id = plan.id
            session.add_all(rows)
            session.get_one(PatrolRun, plan.id).at = now()


def _limits(wanted: dict[str, Any], stops: int) -> Limits:
    return limits_for(wanted["seconds"], wanted["iterations"], wanted["seed"], stops)


class _Teller:
    """Writes now and then how far a search is, and says when it is to end."""

    def __init__(self, engine: Engine, plan_id: int, ending: threading.Event) -> None:
        self._engine = engine
        self._plan_id = plan_id
        self._ending = ending
        self._last = float("-inf")

    def __call__(self, progress: Progress) -> bool:
        if self._ending.is_set():
            return True
        moment = time.monotonic()
        if moment - self._last < _TELL_EVERY_S:
            return False
        self._last = moment
        with writing(self._engine, _SYSTEM) as session:
            run = session.get(PatrolRun, self._plan_id)
            if run is None:
                return True
            run.at, run.done, run.iterations = now(), progress.done, progress.iterations
            run.best = {"teams": [list(own) for own in progress.stops], "manned": progress.manned}
            return run.stop_asked
