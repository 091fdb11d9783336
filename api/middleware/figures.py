"""Figures for Prometheus: of this process alone, since each process of a server is asked by itself."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from sqlalchemy.engine import Engine
from sqlalchemy.pool import QueuePool

from api.services.backup import last_backup_at
from api.settings import Settings
from api.store.models.base import now

disable_created_metrics()  # type: ignore[no-untyped-call] # they double the text, and nobody reads them
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)
_SIGN_IN = frozenset({("POST", "/api/v1/session"), ("POST", "/api/v1/token")})
_FAILED = {401: "refused", 429: "slowed_down"}


class Figures:
    """The figures of one application."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "campus_requests", "Requests that were answered.", ("method", "route", "status"), registry=self.registry
        )
        self._durations = Histogram(
            "campus_request_duration_seconds",
            "From the first byte of a request to the last of its answer.",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.outstanding = Gauge(
            "campus_requests_outstanding", "Requests that wait for their answer.", registry=self.registry
        )
        self.sign_in_failures = Counter(
            "campus_sign_in_failures", "Sign-ins that failed.", ("reason",), registry=self.registry
        )
        for reason in _FAILED.values():
            self.sign_in_failures.labels(reason)  # so that it is there before the first
        self.registry.register(_Installation(settings, engine))
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def count(self, method: str, route: str, status: int, duration_s: float) -> None:
        """Count a request; ``route`` is a template."""
        self._requests.labels(method, route, str(status)).inc()
        self._durations.labels(method, route).observe(duration_s)
        if (method, route) in _SIGN_IN and status in _FAILED:
            self.sign_in_failures.labels(_FAILED[status]).inc()

    def text(self) -> bytes:
        """Return all figures in the text format of Prometheus."""
        return generate_latest(self.registry)


class _Installation(Collector):
    """What is looked up when the figures are asked for."""

    def __init__(self, settings: Settings, engine: Engine) -> None:
        self._settings = settings
        self._engine = engine

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield the database's connections and the age of the last backup, where one is known."""
        pool = self._engine.pool
        if isinstance(pool, QueuePool):
            connections = GaugeMetricFamily(
                "campus_database_connections", "Connections to the database.", labels=("state",)
            )
            connections.add_metric(("in_use",), pool.checkedout())
            connections.add_metric(("idle",), pool.checkedin())
            yield connections
        last = last_backup_at(self._settings)
        if last is not None:
            age = (now() - last).total_seconds()
            yield GaugeMetricFamily("campus_last_backup_age_seconds", "Since the last backup was made.", value=age)
