"""The brief as a file."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Annotated

import typer

from api.commands.console import CityOption, Database, operator, out, ready_engine, settings_for, working
from api.errors import BadInputError


def brief(
    to: Annotated[Path, typer.Option("--out", help="FILE.docx, FILE.pdf, FILE.xlsx, FILE.html or FILE.pptx")],
    week: Annotated[str, typer.Option("--week", help="2026-W47; or a month 2026-11, quarter 2026-Q4, term 2026-T1.")],
    language: Annotated[str, typer.Option("--lang", help="zh or en")] = "zh",
    moment: Annotated[
        str | None, typer.Option("--moment", help="Time of the watermark, as 2026-11-23T09:00:00+08:00; else now.")
    ] = None,
    city_code: CityOption = None,
    database: Database = None,
) -> None:
    """Write the brief of a week, month, quarter or term."""
    from api.services.briefs.files import WRITERS, brief_file
    from api.services.releases import release_if_due
    from api.store.engine import reading
    from api.store.models.base import now

    kind = to.suffix.removeprefix(".").lower()
    if kind not in WRITERS:
        raise BadInputError(f"--out: a brief is written as .docx, .pdf, .xlsx, .html or .pptx, not as {to.name!r}")
    if language not in {"zh", "en"}:
        raise BadInputError(f"--lang: {language!r} is no language of briefs; use zh or en")
    at = now() if moment is None else _moment(moment)
    settings = settings_for(database)
    engine = ready_engine(settings)
    with working("writing the brief"):
        release_if_due(engine, settings, now())
        with reading(engine) as session:
            made = brief_file(
                session, settings, week, kind, city_code, language=language, viewer=operator().person, moment=at
            )
    to.write_bytes(made)
    out.print(f"{to}: the brief of {week}, {len(made) / 1000:,.0f} kB")


def _moment(text: str) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BadInputError(f"--moment: {text!r} is no time with an offset; write it as 2026-11-23T09:00:00+08:00")
    return found
