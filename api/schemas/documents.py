"""What goes out, as the OpenAPI document describes it: problems, and GeoJSON."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel


class ProblemError(BaseModel):
    """One thing that is wrong with an input."""

    where: str
    what: str
    code: str


class ProblemDocument(BaseModel):
    """A problem by RFC 9457; ``type`` is stable."""

    type: str
    title: str
    status: int
    detail: str
    errors: list[ProblemError] | None = None


class Feature(BaseModel):
    """A feature by RFC 7946, in WGS 84."""

    type: Literal["Feature"]
    id: str
    geometry: dict[str, Any] | None
    properties: dict[str, Any]


class FeatureCollection(BaseModel):
    """Features by RFC 7946, in WGS 84; a ``Link`` header leads to the next page."""

    type: Literal["FeatureCollection"]
    features: list[Feature]
