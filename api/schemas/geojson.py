"""GeoJSON (RFC 7946) out: built from frames as bytes, since thousands of features go out at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import orjson
import shapely
from numpy.typing import NDArray

_DECIMALS = 7  # about a centimetre

MEDIA_TYPE = "application/geo+json"


def geometry_fragments(geometries: NDArray[np.object_] | Sequence[Any]) -> list[orjson.Fragment | None]:
    """Return geometries as pieces of JSON, coordinates to a centimetre; None stays None."""
    array = np.asarray(geometries, dtype=object)
    rounded = shapely.transform(array, lambda xy: np.round(xy, _DECIMALS))
    return [None if text is None else orjson.Fragment(text) for text in shapely.to_geojson(rounded)]


def feature(identity: Any, geometry: orjson.Fragment | None, properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return one feature."""
    return {"type": "Feature", "id": str(identity), "geometry": geometry, "properties": properties}


def features(
    identities: Iterable[Any], geometries: NDArray[np.object_] | Sequence[Any], properties: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """Return a feature collection."""
    fragments = geometry_fragments(geometries)
    return {
        "type": "FeatureCollection",
        "features": [feature(*parts) for parts in zip(identities, fragments, properties, strict=True)],
    }


def encode(document: Any) -> bytes:
    """Return a document as JSON."""
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY, default=str)
