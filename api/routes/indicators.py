"""How cases go: figures, the cases behind them, and a file for a spreadsheet."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request, Response

from api.dependencies import CurrentActor, Cursor, Language, ReadSession, WriteSession
from api.routes.answers import FEATURES, geojson_answer
from api.schemas.filing import Code, DepartmentCode
from api.schemas.records import Category
from api.services.cases import exchange, indicators
from api.services.exports import workbook
from api.store.cases import Wanted

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Figure = Literal["accepted", "filed", "due", "closed", "on_time", "overdue", "closed_in_period", "reworked", "recurred"]
By = Literal["", "district", "department", "school", "category"]
First = Annotated[dt.date, Query(alias="from")]
Last = Annotated[dt.date, Query(alias="to")]
City = Annotated[Code | None, Query()]
router = APIRouter(prefix="/api/v1", tags=["cases"])


class XlsxResponse(Response):
    """An answer as XLSX, for the OpenAPI document."""

    media_type = XLSX


def _wanted(
    category: Annotated[list[Category] | None, Query()] = None,
    department: Annotated[DepartmentCode | None, Query()] = None,
    district: Annotated[Code | None, Query()] = None,
    school: uuid.UUID | None = None,
) -> Wanted:
    return Wanted(categories=category or (), department=department, district=district, school=school)


CasesWanted = Annotated[Wanted, Depends(_wanted)]


@router.get("/cases/indicators")
def show_indicators(
    session: ReadSession, first: First, last: Last, wanted: CasesWanted, by: By = "", city: City = None
) -> dict[str, Any]:
    """Count cases of a period of days, in all and by group, with the definition of each figure."""
    return indicators.indicators(session, first, last, by=by, wanted=wanted, city_code=city)


@router.get("/cases/indicators/cases", **FEATURES)
def list_cases_behind(
    request: Request,
    session: ReadSession,
    actor: CurrentActor,
    first: First,
    last: Last,
    figure: Figure,
    wanted: CasesWanted,
    city: City = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Cursor = 0,
) -> Response:
    """List the cases behind a figure, as far as one may open them."""
    document, following = indicators.cases_behind(
        session, actor, first, last, figure, wanted=wanted, city_code=city, after=cursor, limit=limit
    )
    return geojson_answer(request, document, next_cursor=following)


@router.get("/cases/indicators.xlsx", response_class=XlsxResponse)
def export_indicators(
    session: ReadSession,
    language: Language,
    first: First,
    last: Last,
    wanted: CasesWanted,
    by: By = "",
    city: City = None,
) -> Response:
    """Give the figures as XLSX, with what each of them means on a sheet of its own."""
    document = indicators.indicators(session, first, last, by=by, wanted=wanted, city_code=city)
    headers = {"Content-Disposition": f'attachment; filename="indicators-{first}-{last}.xlsx"'}
    return XlsxResponse(indicators.as_workbook(document, language), headers=headers)


@router.get("/exports/cases.xlsx", response_class=XlsxResponse)
def export_cases(
    session: WriteSession,
    language: Language,
    first: Annotated[dt.date | None, Query(alias="from")] = None,
    last: Annotated[dt.date | None, Query(alias="to")] = None,
    city: City = None,
) -> Response:
    """Give the cases received in a period as XLSX, in the layout that ``campus import cases`` reads."""
    table = exchange.export_cases(session, city, language, first, last)
    headers = {"Content-Disposition": 'attachment; filename="cases.xlsx"', "Cache-Control": "no-store"}
    return XlsxResponse(workbook({"案卷" if language == "zh" else "Cases": table}), headers=headers)
