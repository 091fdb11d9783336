"""What can be searched by name."""

from __future__ import annotations

import numpy as np
import pandas as pd
import shapely
import sqlalchemy as sa
from sqlalchemy.orm import Session

from api.store.models import Campus, Cell, Place, School
from api.store.spatial import to_shapes

_COLUMNS = ["uuid", "name", "alt_names", "kind", "address", "shape"]


def searchable(session: Session) -> pd.DataFrame:
    """Return everything that has a name: uuid (None for plain places), name, alt_names, kind, address, geometry."""
    schools = session.execute(
        sa.select(School.uuid, School.name, School.name_en, School.address, Campus.boundary).join(
            Campus, Campus.school_id == School.id
        )
    ).all()
    cells = session.execute(sa.select(Cell.uuid, Cell.code, Cell.outline)).all()
    places = session.execute(sa.select(Place.name, Place.alt_names, Place.kind, Place.address, Place.location)).all()
    rows = (
        [(r.uuid, r.name, [r.name_en] if r.name_en else [], "school", r.address, r.boundary) for r in schools]
        + [(r.uuid, r.code, [], "cell", "", r.outline) for r in cells]
        + [(None, r.name, r.alt_names, r.kind, r.address, r.location) for r in places]
    )
    frame = pd.DataFrame(rows, columns=_COLUMNS, dtype=object)
    shapes = to_shapes(frame.pop("shape"))
    frame["geometry"] = shapely.point_on_surface(shapes) if len(shapes) else np.empty(0, dtype=object)
    return frame


def version(session: Session) -> tuple[int, ...]:
    """Return numbers that change when something that can be searched comes, goes or is renamed."""
    out: list[int] = []
    for model in (School, Cell, Place):
        count, last, changes = session.execute(
            sa.select(sa.func.count(), sa.func.max(model.id), sa.func.sum(model.version))
        ).one()
        out += [int(count), int(last or 0), int(changes or 0)]
    return tuple(out)
