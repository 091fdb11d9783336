"""Density, two periods side by side and their difference as pages, in a real browser; everything drawn is invented."""

from __future__ import annotations

import numpy as np
import pytest
from playwright.sync_api import expect

from gis.errors import EmptyInputError, GisError
from gis.lattice import lattice_for
from gis.maps.surface import Ground, Legend, Panel, classes_of, difference_legend, rate_legend, surface_page
from gis.maps.text import Text
from tests.maps import invented

LATTICE = lattice_for(invented.LON, invented.LAT, 100.0)


def test_breaks_rise_and_every_value_has_its_class():
    values = np.random.default_rng(1).gamma(0.7, 40, 500)
    legend, breaks = rate_legend(values, Text.of("u"), Text.of("b"))
    assert breaks == sorted(set(breaks))
    assert len(legend.colours) == len(legend.names) == len(breaks) <= 6
    classes = classes_of(values, breaks)
    assert classes.min() == 0
    assert classes.max() == len(breaks) - 1
    assert rate_legend([], Text.of("u"), Text.of("b"))[1] == []
    change = np.array([-30.0, -2.0, 0.5, 3.0, 40.0])
    both, of_change = difference_legend(change, Text.of("u"), Text.of("b"))
    assert len(both.colours) == len(both.names)
    assert np.all(np.diff(of_change) >= 0)
    half = len(both.colours) // 2
    assert ((of_change < half) == (change < 0)).all()


def panel(heading: str, numbers: list[float], classes: list[int]) -> Panel:
    column, row = np.arange(len(numbers)) + 5_300, np.full(len(numbers), 32_870)
    return Panel(
        Text.of(heading), column, row, np.array(classes), Text("{0} 起", "{0} incidents"), np.array(numbers)[:, None]
    )


SCALE = Legend(Text("起", "incidents"), ("#fde49b", "#7f0d24"), (Text.of("3–9"), Text.of("≥ 10")), Text("无", "none"))
TITLE = Text("甲</script>`${1}`", "A</script>`${1}`")


def page(*panels: Panel, assets: dict[str, str], language: str = "zh") -> str:
    return surface_page(
        panels, SCALE, LATTICE, Ground(language=language, watermark="demo"), assets, title=TITLE, period=Text.of("2026")
    )


def test_two_maps_move_together_have_one_scale_and_ask_nobody(watch, assets):
    seen = watch(page(panel("before", [4, 5], [0, 0]), panel("after", [4, 12], [0, 1]), assets=assets))
    opened = seen.page
    expect(opened.locator("body.two")).to_be_visible()
    assert opened.locator(".map-heading").all_inner_texts() == ["before", "after"]
    assert opened.locator("#panel .legend__class").count() == 2
    lowest = opened.evaluate("maps[0].latLngToContainerPoint(L.latLngBounds(state.config.bounds).getSouthWest()).y")
    assert lowest < opened.locator("#panel").bounding_box()["y"]  # nothing of the city begins behind the panel
    opened.evaluate("void maps[0].setView([29.72, 120.25], 15, { animate: false })")
    assert opened.evaluate("maps[1].getZoom()") == 15
    assert opened.evaluate("Math.abs(maps[1].getCenter().lng - 120.25) < 1e-4")
    opened.evaluate("void maps[1].setView([29.71, 120.24], 14, { animate: false })")
    assert opened.evaluate("maps[0].getZoom()") == 14
    opened.locator("#language").click()
    assert opened.locator("h1").inner_text() == "A</script>`${1}`"
    assert opened.evaluate("document.documentElement.lang") == "en"
    assert seen.events == []


def test_a_cell_says_its_number_and_an_empty_map_says_so(watch, assets):
    seen = watch(page(panel("", [7], [0]), assets=assets, language="en"), width=390, height=844)
    opened = seen.page
    lat, lng = opened.evaluate(f"toEarth(5300.5 * 100, 32870.5 * 100, {LATTICE.meridian_deg:g})")
    opened.evaluate(
        f"(maps[0].setView([{lat}, {lng}], 17, {{ animate: false }}), void maps[0].fire('mousemove', {{ latlng: L.latLng({lat}, {lng}) }}))"
    )
    assert "7 incidents" in opened.locator(".leaflet-tooltip").inner_text()
    assert seen.events == []
    legend, _ = rate_legend([], Text.of("u"), Text.of("none"))
    ground = Ground(language="en", schools=invented.spec().schools)
    empty = surface_page(
        [panel("a", [], []), panel("b", [], [])], legend, LATTICE, ground, assets, title=TITLE, period=TITLE
    )
    seen = watch(empty)
    expect(seen.page.locator(".legend__nothing")).to_contain_text("no cell to show")
    assert seen.events == []
    with pytest.raises(EmptyInputError):
        page(panel("", [], []), assets=assets)
    with pytest.raises(GisError):
        page(assets=assets)
    with pytest.raises(GisError):
        page(panel("", [7], [2]), assets=assets)
