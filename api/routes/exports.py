"""Exports: what a person may see as a list, as a file."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from api.dependencies import AppSettings, Box, CurrentActor, CurrentWho
from api.routes.incidents import Asked, CityCode, release
from api.schemas.records import Category, Status
from api.security.scope import limited_to
from api.services.exports.collections import COLLECTIONS, Wanted
from api.services.exports.files import EXTENSIONS, MEDIA_TYPES, export_file

router = APIRouter(prefix="/api/v1", tags=["exports"])


FILES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The file", "content": {media_type: {} for media_type in MEDIA_TYPES}}
}


@router.get("/exports/{collection}.{extension}", response_class=Response, responses=FILES)
def export(
    request: Request,
    settings: AppSettings,
    actor: CurrentActor,
    who: CurrentWho,
    bbox: Box,
    heat: Asked,
    collection: Annotated[str, Path(max_length=20, description=", ".join(COLLECTIONS))],
    extension: Annotated[str, Path(max_length=8, description=", ".join(EXTENSIONS))],
    city: CityCode = None,
    category: Annotated[list[Category] | None, Query()] = None,
    status: Annotated[list[Status] | None, Query()] = None,
) -> Response:
    """Take a collection out as a file; ``incidents`` are cells with at least five, and never a point.

    ``category`` and ``status`` are of hazards; ``from``, ``to``, ``type``, ``weekday``,
    ``after_school``, ``school`` and ``township`` of incidents.
    The export is a line of the audit log.
    """
    release(request, settings)
    made = export_file(
        request.app.state.engine,
        settings,
        actor,
        who,
        collection=collection,
        extension=extension,
        city_code=city,
        make=lambda town: Wanted(
            city=town,
            bounds=bbox,
            categories=category or [],
            statuses=status or [],
            heat=heat,
            of_inspector=limited_to(actor, settings),
        ),
    )
    headers = {"Content-Disposition": f'attachment; filename="{made.name}"', "Cache-Control": "no-store"}
    return Response(made.content, media_type=made.media_type, headers=headers)
