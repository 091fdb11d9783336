"""How often somebody may do what is dear: sign in, upload, export. Counted by person, or by address without one."""

from __future__ import annotations

import time

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from api.errors import RateLimitError
from api.security.policy import POLICY
from api.settings import Settings

RATES: dict[tuple[str, str], str] = {
    ("POST", "/api/v1/session"): "sign_in",
    ("POST", "/api/v1/token"): "sign_in",
    ("POST", "/api/v1/me/password"): "sign_in",
    ("GET", "/sign-in/city"): "sign_in",
    ("POST", "/api/v1/hazards/{identity}/photos"): "upload",
    ("POST", "/api/v1/inspections/{identity}/photos"): "upload",
    ("GET", "/api/v1/heatmap"): "export",
    ("GET", "/api/v1/hotspots"): "export",
    ("GET", "/api/v1/risk"): "export",
    ("GET", "/api/v1/incidents/density"): "export",
    ("GET", "/api/v1/briefs/{period}.{kind}"): "export",
    ("GET", "/shared/{token}"): "export",
    ("GET", "/api/v1/audit/export"): "export",
    ("GET", "/api/v1/cases/indicators.xlsx"): "export",
    ("GET", "/api/v1/exports/{collection}.{extension}"): "export",
    ("GET", "/api/v1/exports/cases.xlsx"): "export",
    **{(method, path): "open311" for method, path in POLICY if path.startswith("/open311/")},
}
# What takes seconds to reckon: these requests wait for each other, and not those that read.
LONG = frozenset(
    {
        ("GET", "/api/v1/heatmap"),
        ("GET", "/api/v1/hotspots"),
        ("GET", "/api/v1/risk"),
        ("GET", "/api/v1/incidents/density"),
        ("GET", "/api/v1/clusters"),
        ("GET", "/api/v1/emerging"),
        ("GET", "/api/v1/near-repeats"),
        ("GET", "/api/v1/evaluation"),
        ("GET", "/api/v1/exports/{collection}.{extension}"),
        ("GET", "/api/v1/exports/cases.xlsx"),
    }
)


class Rates:
    """The counters of one process."""

    def __init__(self, settings: Settings) -> None:
        self._limiter = MovingWindowRateLimiter(MemoryStorage())
        self._items = {
            "sign_in": parse(f"{settings.sign_ins_per_minute}/minute"),
            "upload": parse(f"{settings.uploads_per_minute}/minute"),
            "export": parse(f"{settings.exports_per_minute}/minute"),
            "open311": parse(f"{settings.open311_per_minute}/minute"),
        }

    def count(self, method: str, path: str, who: str) -> None:
        """Count a request of somebody.

        Raises
        ------
        RateLimitError
            Where there were too many of this kind within a minute.
        """
        kind = RATES.get((method, path))
        if kind is None:
            return
        item = self._items[kind]
        if not self._limiter.hit(item, kind, who):
            reset_at, _ = self._limiter.get_window_stats(item, kind, who)
            raise RateLimitError(
                "too many requests of this kind; wait a little", wait_s=max(1.0, reset_at - time.time())
            )
