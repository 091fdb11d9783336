"""Escort posts (护学岗): where somebody must stand while pupils leave, when, and who mans them."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy.orm import Session

from api.errors import BadInputError, ConflictError, NotFoundError, Problem, StaleError
from api.schemas.patrols import PostIn, PostPatch
from api.services.departments import department_of
from api.services.patrols.requests import clock, seconds_of
from api.store import cases, cities, patrols, schools
from api.store.models import EscortPost
from api.store.records import claim


def list_posts(session: Session, city_code: str | None) -> list[dict[str, Any]]:
    """Return the posts of a city, by school."""
    city = cities.get_city(session, city_code)
    departments = cases.department_codes(session)
    return [
        _document(post, name, identity, departments)
        for post, name, identity, _ in patrols.posts_with_schools(session, city.id)
    ]


def add_post(session: Session, given: PostIn) -> tuple[dict[str, Any], bool]:
    """Add a post; the same UUID again answers the stored one and creates nothing."""
    claim(session, given.id)
    known = patrols.get_post(session, given.id)
    if known is not None:
        if known.content_hash != given.fingerprint():
            raise ConflictError("this id belongs to another post; send this one under a new id")
        return show_post(session, given.id), False
    school = schools.find_school(session, given.school)
    if school is None:
        raise BadInputError("there is no such school", problems=[Problem("body.school", "there is no such school")])
    gate = None
    if given.gate is not None:
        gate = patrols.gate_place(session, school.id, given.gate)
        if gate is None:
            what = "this gate is not one of the school"
            raise BadInputError(what, problems=[Problem("body.gate", what)])
    lon, lat = (given.lon, given.lat) if given.lon is not None or gate is None else (gate[2], gate[3])
    post = EscortPost(
        uuid=given.id, city_id=school.city_id, school_id=school.id, gate_id=None if gate is None else gate[0],
        name=given.name or ("" if gate is None else gate[1]), lon=lon, lat=lat,
        weekdays=[str(day) for day in sorted(set(given.weekdays))], begins_min=_minutes(given.begins),
        ends_min=_minutes(given.ends), skill=given.skill,
        department_id=None if given.department is None else department_of(session, given.department).id,
        manned_by=given.manned_by, active=given.active, content_hash=given.fingerprint(), invented=school.invented,
    )  # fmt: skip
    session.add(post)
    session.flush()
    return show_post(session, given.id), True


def show_post(session: Session, identity: uuid.UUID) -> dict[str, Any]:
    """Return one post."""
    post = patrols.get_post(session, identity)
    if post is None:
        raise NotFoundError("there is no such post")
    name, school = patrols.names_of_schools(session, [post.school_id])[post.school_id]
    return _document(post, name, school, cases.department_codes(session))


def change_post(session: Session, identity: uuid.UUID, change: PostPatch, version: int) -> dict[str, Any]:
    """Change a post that nobody else has changed meanwhile; null hours follow the dismissal again."""
    post = patrols.get_post(session, identity, lock=True)
    if post is None:
        raise NotFoundError("there is no such post")
    if post.version != version:
        raise StaleError("somebody else changed the post meanwhile; read it again")
    said = change.model_dump(exclude_unset=True)
    for name in ("name", "skill", "manned_by", "active"):
        if said.get(name) is not None:
            setattr(post, name, said[name])
    if change.weekdays is not None:
        post.weekdays = [str(day) for day in sorted(set(change.weekdays))]
    if "begins" in said or "ends" in said:
        begins, ends = _minutes(change.begins), _minutes(change.ends)
        if (begins is None) != (ends is None) or (begins is not None and ends is not None and begins >= ends):
            what = "hours need both a beginning and an end after it"
            raise BadInputError(what, problems=[Problem("body.ends", what)])
        post.begins_min, post.ends_min = begins, ends
    if "department" in said:
        post.department_id = None if change.department is None else department_of(session, change.department).id
    post.version += 1
    session.flush()
    return show_post(session, identity)


def _minutes(text: str | None) -> int | None:
    return None if text is None else seconds_of(text) // 60


def _document(
    post: EscortPost, school: str, school_uuid: uuid.UUID, departments: dict[int, str]
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": str(post.uuid),
        "school": {"id": str(school_uuid), "name": school},
        "name": post.name,
        "lon": post.lon,
        "lat": post.lat,
        "weekdays": [int(day) for day in post.weekdays],
        "begins": None if post.begins_min is None else clock(post.begins_min * 60),
        "ends": None if post.ends_min is None else clock(post.ends_min * 60),
        "skill": post.skill,
        "department": None if post.department_id is None else departments[post.department_id],
        "manned_by": post.manned_by,
        "active": post.active,
        "version": post.version,
    }
