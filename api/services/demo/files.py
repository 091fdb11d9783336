"""Files for the demonstration, written so that they come in through the same import as anybody's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import geopandas
import pandas as pd
from sqlalchemy.orm import Session

from api.services.imports import ImportOptions, import_file
from api.settings import Settings
from api.store.models import City


def bring_in(
    session: Session,
    city: City,
    collection: str,
    path: Path,
    settings: Settings,
    *,
    invented: bool,
    crs: str | None = None,
    mapping: Mapping[str, str] | None = None,
) -> None:
    """Import one file of the demonstration."""
    options = ImportOptions(
        crs=crs, mapping=mapping or {}, actor="demonstration", invented=invented, kind="demonstration"
    )
    import_file(session, city, collection, path, options, settings)


def write_csv(folder: Path, name: str, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write rows as a CSV file."""
    path = folder / name
    pd.DataFrame(rows).to_csv(path, index=False, encoding="utf-8-sig")
    return path


def write_shapes(folder: Path, name: str, rows: Sequence[Mapping[str, Any]], geometry: Sequence[Any]) -> Path:
    """Write shapes in WGS 84 as a GeoJSON file."""
    path = folder / name
    geopandas.GeoDataFrame(pd.DataFrame(rows), geometry=list(geometry), crs="EPSG:4326").to_file(path, driver="GeoJSON")
    return path
