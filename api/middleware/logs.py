"""How the log is written: JSON, one line an event, or in colours on a terminal.

What goes wrong inside is written as the kind of error and the places in the code, without its words: those of a
database error hold the record.
"""

from __future__ import annotations

import logging
import sys
import traceback
from pathlib import Path
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

_PLACES = 12
_Failure = tuple[type[BaseException], BaseException, TracebackType | None]


def configure_logs(*, as_json: bool) -> None:
    """Send this program's lines and those of its libraries to the standard output, in one form."""
    before: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        without_words,
        without_control_characters,
    ]
    last: Any = (
        structlog.processors.JSONRenderer(ensure_ascii=False)
        if as_json
        else structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    )
    structlog.configure(
        processors=[*before, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=before,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, last],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("api").setLevel(logging.INFO)
    logging.getLogger("uvicorn.access").disabled = True  # its lines hold addresses and queries


def without_words(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Turn an exception into its kind and where it came from."""
    failure = _failure_of(event.pop("exc_info", None))
    if failure is not None:
        kind, error, place = failure
        event["failure"] = kind.__name__
        if error.__cause__ is not None:
            event["cause"] = type(error.__cause__).__name__
        frames = traceback.extract_tb(place)[-_PLACES:]
        event["places"] = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]
    return event


def _failure_of(given: object) -> _Failure | None:
    if isinstance(given, BaseException):
        return type(given), given, given.__traceback__
    found: Any = given if isinstance(given, tuple) else sys.exc_info() if given else None
    return found if found is not None and found[1] is not None else None


def without_control_characters(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """Write characters that move the cursor or begin a line as escapes: a line of the log is one line."""
    return {key: _plain(value) if isinstance(value, str) else value for key, value in event.items()}


def _plain(text: str) -> str:
    return text if text.isprintable() else "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in text)
