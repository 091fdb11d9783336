"""What comes out: routes with their times, and why the other stops are not in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal


@dataclass(frozen=True)
class Visit:
    """A stay; ``stop`` is None for a break. The team arrives, waits until ``starts_s``, stays, and leaves."""

    stop: int | None
    location: int
    arrives_s: int
    starts_s: int
    leaves_s: int

    @property
    def waits_s(self) -> int:
        """Seconds between arriving and starting."""
        return self.starts_s - self.arrives_s


@dataclass(frozen=True)
class Route:
    """What one team does: it leaves its start, makes its visits, and is at its end at ``returns_s``."""

    team: int
    leaves_s: int
    visits: tuple[Visit, ...]
    returns_s: int
    travel_s: int

    @property
    def stops(self) -> tuple[int, ...]:
        """The stops in order, without the break."""
        return tuple(visit.stop for visit in self.visits if visit.stop is not None)


class Reason(Enum):
    """Why a stop is not in a plan."""

    DROPPED = "dropped"
    NO_PRIZE = "no prize"
    NO_TEAM = "no team with the skill"
    UNREACHABLE = "unreachable"
    WINDOW = "window cannot be met"
    NO_ROOM = "no room"


@dataclass(frozen=True)
class LeftOut:
    """A stop that is not in, and why.

    Attributes
    ----------
    stop, reason
        Which, and why.
    must
        Whether it was required or pinned: such a post is unmanned, and that must be said first.
    team
        With ``NO_ROOM``, the team that could take it in with the least loss.
    displaces
        The stops that would have to go then.
    least_extra_s
        With ``NO_ROOM``, by how many seconds windows and ends of duty would be missed if nothing went, at best.
    """

    stop: int
    reason: Reason
    must: bool = False
    team: int | None = None
    displaces: tuple[int, ...] = ()
    least_extra_s: int | None = None


@dataclass(frozen=True)
class Plan:
    """A plan.

    Attributes
    ----------
    routes
        One for each team, in their order; a team without visits stays at its start.
    left_out
        The stops that are not in, in their order.
    prize
        Sum of the prizes of the stops that are in.
    iterations
        Iterations of the search that were made.
    ended_by
        What ended the search; only a plan that was not ended by time comes out the same again. "optimal": there were
        so few routes that all could be tried, and no plan has a higher prize.
    """

    routes: tuple[Route, ...]
    left_out: tuple[LeftOut, ...]
    prize: float
    iterations: int
    ended_by: Literal["iterations", "time", "caller", "optimal", "nothing to plan"]

    @property
    def unmanned(self) -> tuple[LeftOut, ...]:
        """Posts that had to be manned and are not."""
        return tuple(one for one in self.left_out if one.must)


@dataclass(frozen=True)
class Progress:
    """How far the search is: share done (0 to 1), iterations, and the best plan so far (posts, prize, stops by team)."""

    done: float
    iterations: int
    prize: float
    manned: int
    stops: tuple[tuple[int, ...], ...]
