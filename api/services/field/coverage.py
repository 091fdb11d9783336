"""Which cells were walked, by whom they are to be walked, and when somebody was last there."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from api.store import cities, field


def coverage(session: Session, code: str | None) -> dict[str, Any]:
    """Return the cells of a city that belong to somebody or in which somebody has been.

    ``last_at`` is by the observers' own times; None: never.
    """
    city = cities.get_city(session, code)
    last = field.last_walked(session, city.id)
    out: dict[str, dict[str, Any]] = {}
    for row in field.walked_cells(session, city.id):
        known = out.setdefault(row.code, {"inspectors": [], "last_at": None})
        known["inspectors"].append({"id": str(row.uuid), "name": row.display_name})
        moment = last.pop(row.id, None)
        if moment is not None:
            known["last_at"] = moment.isoformat()
    codes = field.cell_codes(session, list(last))
    for identity, moment in last.items():
        out[codes[identity]] = {"inspectors": [], "last_at": moment.isoformat()}
    return {"city": city.code, "cells": out}
