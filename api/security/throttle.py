"""Slow down the guessing of passwords without locking anybody out.

Failures are counted over a quarter of an hour, by name and address together, by address, and by name. From the fifth
failure of a name at one address the wait doubles with each further one, up to 15 minutes, for that pair alone: the
owner of the name signs in from elsewhere at once. An address that tries many names, and a name that is tried from many
addresses, wait a minute; a browser that the person has signed in with before (it holds a device mark) does not, so
neither a guesser behind the same carrier's address nor a botnet keeps a person out. The method is that of the OWASP
"device cookies", https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac

from sqlalchemy.orm import Session

from api.store import signin_failures

WINDOW = dt.timedelta(minutes=15)
FREE_FAILURES = 5
LONGEST_WAIT_S = 900.0
FAILURES_OF_AN_ADDRESS = 50
FAILURES_OF_A_NAME = 100
WAIT_S = 60.0


def name_hash(secret: bytes, name: str) -> str:
    """Return how a name is kept with its failures: people type passwords into the field for the name."""
    return hmac.new(secret, b"name\0" + name.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def device_mark(secret: bytes, name: str) -> str:
    """Return the mark of a browser with which this person has signed in."""
    return hmac.new(secret, b"device\0" + name.encode("utf-8", "replace"), hashlib.sha256).hexdigest()


def wait_s(
    session: Session, secret: bytes, *, name: str, address: str, device: str | None, moment: dt.datetime
) -> float:
    """Return how long this sign-in has to wait, in seconds; 0 where it may try now."""
    since = moment - WINDOW
    hashed = name_hash(secret, name)
    both = signin_failures.count(session, since, name_hash=hashed, address=address)
    wait = 0.0
    if both.number >= FREE_FAILURES:
        wait = _left(both.last, min(2.0 ** (both.number - FREE_FAILURES + 1), LONGEST_WAIT_S), moment)
    if device is not None and hmac.compare_digest(
        device.encode("utf-8", "replace"), device_mark(secret, name).encode()
    ):
        return wait
    for counted, limit in (
        (signin_failures.count(session, since, address=address), FAILURES_OF_AN_ADDRESS),
        (signin_failures.count(session, since, name_hash=hashed), FAILURES_OF_A_NAME),
    ):
        if counted.number >= limit:
            wait = max(wait, _left(counted.last, WAIT_S, moment))
    return wait


def _left(last: dt.datetime | None, wait: float, moment: dt.datetime) -> float:
    return 0.0 if last is None else max(0.0, wait - (moment - last).total_seconds())
