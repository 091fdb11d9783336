"""The demonstration on both databases: the same records, the same leads, the same heat map."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Engine

from api.errors import BadInputError, NotFoundError
from api.services import cellcounts, demo, heatmaps, hotspots, screening
from api.services.briefs.content import brief_of
from api.services.notices.trends import trends
from api.services.questions import Question
from api.services.selection import by_cell_and_hour, select
from api.settings import Settings
from api.store import cities
from api.store.counts import by_collection
from api.store.engine import reading, writing
from api.store.models import Case, Cell, City, EscortPost, Hazard, Incident, Premises, School, Street
from tests.databases import Databases

EXPECTED = {
    "TEMPE": {"schools": 8, "streets": 293, "gates": 16, "perimeters": 8, "hazards": 60},
    "330681": {
        "districts": 23,
        "schools": 58,
        "gates": 116,
        "perimeters": 58,
        "hazards": 320,
        "cases": 24,
        "incidents": 2400,
    },
}


@pytest.fixture(scope="session")
def demonstration(databases: Databases, migrated: str, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the name of the template with the demonstration."""
    settings = Settings(data=tmp_path_factory.mktemp("demonstration"))

    def load(engine: Engine) -> None:
        with writing(engine) as session:
            demo.load(session, settings)

    databases.fill("demonstration", load, of=migrated)
    return "demonstration"


@pytest.fixture
def loaded(databases: Databases, demonstration: str) -> Iterator[Engine]:
    made = databases.copy(demonstration)
    yield made
    databases.drop(made)


def test_a_rise_in_a_township_is_offered_as_the_draft_of_a_notice(loaded: Engine) -> None:
    after = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
    with reading(loaded) as session:
        (rise,) = trends(session, city_code="330681", at=after)["trends"]
        assert (rise["category"], rise["district_name"]["zh"], rise["numbers"]["observed"]) == ("VEN", "陶朱街道", 8)
        assert trends(session, city_code=None, at=after)["trends"] == [rise], "of all cities where none is named"
        before = trends(session, city_code="330681", at=after - dt.timedelta(days=7))
    assert before["trends"] == []
    assert before["series"] > 100


def test_both_cities_are_there_with_what_is_made_up_marked(loaded: Engine, settings: Settings) -> None:
    with reading(loaded) as session:
        for code, expected in EXPECTED.items():
            counts = by_collection(session, cities.get_city(session, code))
            assert {name: counts[name] for name in expected} == expected
        for model in (Hazard, Incident, Premises):
            assert session.scalar(sa.select(sa.func.count()).where(model.invented.is_(False))) == 0
        tempe = cities.get_city(session, "TEMPE").id
        for model in (School, Street):  # their positions are real
            query = sa.select(sa.func.count()).where(model.city_id == tempe, model.invented.is_(True))
            assert session.scalar(query) == 0
        zhuji = cities.get_city(session, "330681").id
        districts = session.scalars(sa.select(School.district_id).where(School.city_id == zhuji)).all()
        assert None not in districts
        townships = session.scalars(sa.select(Cell.district_id).where(Cell.city_id == zhuji)).all()
        assert townships.count(None) < len(townships) / 100
    with writing(loaded) as session:
        again = demo.load(session, settings)
        assert session.scalars(sa.select(EscortPost.invented)).all() == [True] * 3
    assert any("58 schools" in line for line in again)  # a second load adds nothing


def test_heat_map_counts_are_those_of_the_database_and_never_below_k(loaded: Engine, settings: Settings) -> None:
    with reading(loaded) as session:
        wanted = Question(city="330681")
        document = cellcounts.incident_cells(session, settings, wanted, sealed=True)
        counts = [f["properties"]["count"] for f in document["features"]]
        assert min(counts) >= settings.k_anonymity
        not_serious = sa.select(sa.func.count()).where(Incident.serious.is_(False))
        total = session.scalar(not_serious.where(Incident.city_id == cities.get_city(session, "330681").id))
        assert sum(counts) + document["hidden"] == document["total"] == total
        holidays = Question(city="330681", first=dt.date(2026, 10, 1), last=dt.date(2026, 10, 7))
        narrower = [
            replace(wanted, after_school=True),
            replace(wanted, first=dt.date(2026, 9, 7), last=dt.date(2026, 9, 13)),
            replace(wanted, kinds=("fight",)),
        ]
        for sealed in (True, False):
            everything = cellcounts.incident_cells(session, settings, wanted, sealed=sealed)["total"]
            for part in narrower:
                assert cellcounts.incident_cells(session, settings, part, sealed=sealed)["total"] < everything
            assert cellcounts.incident_cells(session, settings, holidays, sealed=sealed)["features"] == []
        released = cellcounts.incident_cells(session, settings, wanted, sealed=False)
        assert released["hidden"] == 0
        assert total // 3 < released["total"] <= total  # recent and thin ones wait
        assert min(f["properties"]["count"] for f in released["features"]) >= settings.k_anonymity


@pytest.mark.parametrize("sealed", [False, True])
def test_the_page_holds_cells_and_no_point(loaded: Engine, settings: Settings, sealed: bool) -> None:
    with reading(loaded) as session:
        page = heatmaps.heatmap_page(
            session, settings, Question(city="330681", by_week=True), language="zh", viewer="", sealed=sealed
        )
        assert len(page.encode()) < 1_000_000
        for lon, lat in session.execute(
            sa.select(sa.func.ST_X(Incident.location), sa.func.ST_Y(Incident.location)).limit(300)
        ):
            for one, other in ((lon, lat), (lat, lon)):
                pair = re.escape(f"{one:.6f}".rstrip("0")) + r"0*\s*,\s*" + re.escape(f"{other:.6f}".rstrip("0"))
                assert not re.search(pair, page)


def test_nothing_and_bad_wishes_are_answered_in_words(loaded: Engine, settings: Settings) -> None:
    with reading(loaded) as session:
        empty = Question(city="330681", first=dt.date(2030, 1, 1))
        assert "<html" in heatmaps.heatmap_page(session, settings, empty, language="en", viewer="", sealed=False)
        for bad in (
            Question(city="330681", kinds=("coercion",)),  # a serious type is never mapped
            Question(city="330681", kinds=("volcano",)),
            Question(city="330681", first=dt.date(2026, 9, 2), last=dt.date(2026, 9, 1)),
            Question(city="330681", weekdays=(8,)),
        ):
            with pytest.raises(BadInputError):
                cellcounts.incident_cells(session, settings, bad, sealed=False)
        with pytest.raises(NotFoundError, match="TEMPE"):
            cellcounts.incident_cells(session, settings, Question(city="nowhere"), sealed=False)


def test_leads_of_the_demonstration(loaded: Engine, settings: Settings) -> None:
    with reading(loaded) as session:
        leads, names = screening.screen_city(session, cities.get_city(session, "330681"), settings)
        rules = {rule.rule_id: rule for rule in screening.current_rules(session)}
        table = screening.leads_table(leads, names, rules, "zh")
        inside = leads[leads["verdict"] == "inside"]
        assert len(inside) > 20
        assert (inside["distance_m"] <= inside["limit_m"]).all()
        assert table["sentence"].str.contains("依据").all()


def test_counting_in_memory_equals_counting_one_by_one(loaded: Engine, settings: Settings) -> None:
    with reading(loaded) as session:
        city = cities.get_city(session, "330681")
        lattice = cities.lattice_of(city)
        assert lattice is not None
        counted = by_cell_and_hour(select(session, settings, city, lattice, Question(after_school=True)))
        rows = session.execute(
            sa.select(Incident.lattice_column, Incident.lattice_row, Incident.weekday, Incident.hour).where(
                Incident.city_id == city.id,
                Incident.serious.is_(False),
                Incident.minutes_after_dismissal >= -30,
                Incident.minutes_after_dismissal <= 60,
            )
        ).all()
        keys, counts = np.unique(np.array([tuple(r) for r in rows]), axis=0, return_counts=True)
        mine = {
            tuple(map(int, k)): int(n)
            for *k, n in zip(counted.column, counted.row, counted.weekday, counted.hour, counted.count, strict=True)
        }
        assert mine == {tuple(map(int, k)): int(n) for k, n in zip(keys, counts, strict=True)}


def test_hot_spots_are_where_the_demonstration_put_them_and_say_so(loaded: Engine, settings: Settings) -> None:
    with reading(loaded) as session:
        wanted = Question(city="330681", last=dt.date(2026, 11, 20))
        found = {}
        for sealed in (True, False):
            document = hotspots.hot_spots(
                session, settings, wanted, weeks=13, today=dt.date(2026, 11, 23), sealed=sealed
            )
            assert document["cells"] > 1500
            said = [feature["properties"] for feature in document["features"]]
            assert all(one["count"] is None or one["count"] >= settings.k_anonymity for one in said)
            assert all(one["p"] is None or 0 < one["p"] <= one["q"] <= 1 for one in said)
            found[sealed] = {one["code"] for one in said if one["class"] >= 90}
            hot = next(one for one in said if one["class"] >= 90)
            assert "incidents in 13 weeks" in hot["sentence_en"]
            assert "13 周内" in hot["sentence_zh"]
        assert len(found[True]) > 5
        assert found[True] & found[False]
        nothing = replace(wanted, first=dt.date(2026, 10, 1), last=dt.date(2026, 10, 1))
        empty = hotspots.hot_spots(session, settings, nothing, weeks=13, today=dt.date(2026, 11, 23), sealed=False)
        assert empty["reason_zh"] == "没有可公开的分组：没有事件，或事件太少、太近"
        assert empty["features"] == []
        with pytest.raises(BadInputError, match="weeks"):
            hotspots.hot_spots(session, settings, wanted, weeks=0, today=dt.date(2026, 11, 23), sealed=False)


def test_what_the_brief_of_a_month_says_is_what_plain_queries_count(loaded: Engine, settings: Settings) -> None:
    zone = ZoneInfo("Asia/Shanghai")
    months = [dt.datetime(2026, n, 1, tzinfo=zone) for n in (9, 10, 11)]

    def within(column: Any, first: dt.datetime, last: dt.datetime) -> Any:
        return sa.and_(column >= first, column < last)

    with reading(loaded) as session:
        said = {
            one.key: one
            for one in brief_of(
                session, settings, "2026-10", "330681", language="zh", viewer="", moment=months[2], pictures=False
            ).paragraphs
        }
        city = session.scalars(sa.select(City).where(City.code == "330681")).one()

        def count(model: Any, *conditions: Any) -> int:
            asked = sa.select(sa.func.count()).select_from(model).where(model.city_id == city.id, *conditions)
            return int(session.scalars(asked).one())

        for window, first, last in (("this", months[1], months[2]), ("last", months[0], months[1])):
            new = count(Hazard, within(Hazard.observed_at, first, last))
            assert said["hazards"].numbers[f"hazards_new.{window}"] == new > 50
            numbers = {
                f"accepted.{window}": count(Case, within(Case.received_at, first, last)),
                f"filed.{window}": count(Case, within(Case.filed_at, first, last)),
                f"closed_in_period.{window}": count(Case, within(Case.closed_at, first, last)),
            }
            assert {name: said["cases"].numbers[name] for name in numbers} == numbers
        categories = session.execute(
            sa.select(Hazard.category, n := sa.func.count())
            .where(Hazard.city_id == city.id, within(Hazard.observed_at, months[1], months[2]))
            .group_by(Hazard.category)
            .order_by(n.desc(), Hazard.category)
        ).all()
        first_three = {f"{code}.this": int(n) for code, n in categories[:3]}
        assert said["categories"].numbers == first_three | {"total": sum(int(n) for _, n in categories)}
        for number in first_three.values():
            assert f" {number} 处" in said["categories"].text
