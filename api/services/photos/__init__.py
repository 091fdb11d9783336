"""Photos of hazards and inspections: see :mod:`api.services.photos.records`."""

from api.services.photos.records import (
    Owner,
    ShownPhoto,
    add_invented_photo,
    add_photo,
    list_photos,
    photo_document,
    shown_photo,
    shown_thumbnail,
)

__all__ = [
    "Owner",
    "ShownPhoto",
    "add_invented_photo",
    "add_photo",
    "list_photos",
    "photo_document",
    "shown_photo",
    "shown_thumbnail",
]
