"""What is sent along with a photo."""

from __future__ import annotations

import uuid

from api.schemas.records import In, Moment, Short


class PhotoIn(In):
    """A photo as it is sent, but for the file; ``id`` is made by the client, so that sending it again creates nothing.

    Without ``taken_at`` the camera's own note of the moment counts.
    """

    id: uuid.UUID
    taken_at: Moment | None = None
    caption: Short = ""
