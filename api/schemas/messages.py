"""What is sent about messages: which were read, and where somebody's e-mail goes."""

from __future__ import annotations

import uuid
from typing import Annotated

from pydantic import Field

from api.schemas.records import In

# Not all that RFC 5322 allows: what mail servers take, without spaces, quotes and a second @.
Email = Annotated[str, Field(max_length=254, pattern=r"^$|^[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*$")]


class ReadIn(In):
    """Messages that were read: some, or all."""

    ids: Annotated[list[uuid.UUID], Field(max_length=1000)] | None = None
    everything: bool = False


class EmailIn(In):
    """One's own address for messages; empty: none."""

    email: Email
