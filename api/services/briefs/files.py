"""Briefs as files, and their texts as people edit them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.orm import Session

from api.errors import BadInputError, NotFoundError, StaleError
from api.schemas.meetings import BriefTextIn
from api.security.people import Actor
from api.services.briefs import page_file, pdf_file, sheet_file, slides_file, word_file
from api.services.briefs.blocks import Brief, Paragraph
from api.services.briefs.content import brief_of
from api.services.identities import identity_warnings
from api.services.meetings.city import meeting_city
from api.settings import Settings
from api.store import briefs
from api.store.models import BriefText
from api.store.models.base import now

WRITERS: Mapping[str, Callable[[Brief], bytes]] = {
    "docx": word_file.write,
    "pdf": pdf_file.write,
    "xlsx": sheet_file.write,
    "html": page_file.write,
    "pptx": slides_file.write,
}


def brief_file(
    session: Session,
    settings: Settings,
    code: str,
    kind: str,
    city_code: str | None = None,
    *,
    language: str,
    viewer: str,
    moment: dt.datetime,
) -> bytes:
    """Return the brief of a period as a file.

    Parameters
    ----------
    kind
        ``docx``, ``pdf``, ``xlsx``, ``html``, or ``pptx``: slides of the same.
    viewer, moment
        Who has it made and when, for the watermark.

    Raises
    ------
    BadInputError, NotFoundError
        Where there is no such city, period or kind.
    """
    if kind not in WRITERS:
        raise BadInputError(f"a brief is written as .docx, .pdf, .xlsx, .html or .pptx, not as {kind[:20]!r}")
    brief = brief_of(session, settings, code, city_code, language=language, viewer=viewer, moment=moment)
    return WRITERS[kind](brief)


def show_brief(
    session: Session, settings: Settings, actor: Actor, code: str, city_code: str | None, language: str
) -> dict[str, Any]:
    """Return the texts of a brief with the numbers behind each, and who edited them."""
    brief = brief_of(
        session, settings, code, city_code, language=language, viewer=actor.display_name, moment=now(), pictures=False
    )
    return {
        "title": brief.title,
        "issue": brief.issue,
        "language": language,
        "texts": [_view(one) for one in brief.paragraphs],
    }


def _view(one: Paragraph) -> dict[str, Any]:
    return {
        "key": one.key,
        "text": one.text,
        "generated": one.generated,
        "numbers": dict(one.numbers),
        "author": one.author or None,
        "version": one.version,
    }


def edit_text(
    session: Session,
    settings: Settings,
    actor: Actor,
    code: str,
    key: str,
    given: BriefTextIn,
    version: int,
    city_code: str | None,
    language: str,
) -> dict[str, Any]:
    """Keep an edit of a paragraph that is still at ``version`` (0: nobody edited it); an empty text takes edits back.

    Raises
    ------
    NotFoundError
        Where the brief has no such paragraph.
    StaleError
        Where somebody else edited it meanwhile.
    """
    said = show_brief(session, settings, actor, code, city_code, language)
    known = next((one for one in said["texts"] if one["key"] == key), None)
    if known is None:
        raise NotFoundError(f"the brief has no paragraph {key[:40]!r}")
    if known["version"] != version:
        raise StaleError("somebody else edited this paragraph meanwhile; read it again")
    city = meeting_city(session, city_code)
    session.add(
        BriefText(
            city_id=city.id, period=code, language=language, key=key, number=version + 1, text=given.text.strip(),
            person_id=actor.id,
        )
    )  # fmt: skip
    session.flush()
    out: dict[str, Any] = known | {
        "text": given.text.strip() or known["generated"],
        "author": actor.display_name or actor.name,
        "version": version + 1,
        "warnings": identity_warnings({"text": given.text}),
    }
    return out


def text_history(session: Session, code: str, city_code: str | None, language: str) -> list[dict[str, Any]]:
    """Return every edit of a period's brief, the oldest first."""
    city = meeting_city(session, city_code)
    return [
        {"key": row.key, "version": row.number, "text": row.text, "author": author, "at": row.created_at.isoformat()}
        for row, author in briefs.edits(session, city, code, language)
    ]
