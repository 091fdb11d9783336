"""What pages are made of, without a browser; all data are invented."""

from __future__ import annotations

import re
from itertools import pairwise

import folium
import numpy as np
import pytest
import shapely
from folium.plugins import HeatMap

from gis.errors import BadGeometryError, EmptyInputError, GisError
from gis.maps.figure import OfflineFigure, OfflineMap, policy_of, tile_origin
from gis.maps.heatmap import HeatmapSpec, Tiles, heatmap_page
from gis.maps.layers import COLOURS, gates_layer, ink_on, streets_layer
from gis.maps.legend import RAMP, class_breaks, ramp
from gis.maps.text import Text, catalogue, safe_text, say
from tests.maps import invented

LIBRARIES = {"leaflet/leaflet.js": "const L = {};", "leaflet/leaflet.css": ".a { background: url(images/layers.png); }"}


def test_no_place_of_an_incident_enters_the_page():
    lon, lat, _ = invented.incidents()
    bare = invented.spec(perimeters=None, schools=None, gates=None, hazards=None)
    numbers = {float(found) for found in re.findall(r"\d+\.\d{4,}", heatmap_page(bare, LIBRARIES))}
    places = np.concatenate([lon, lat])
    assert not numbers & {*np.round(places, 6), *places}


def test_a_plugin_that_links_elsewhere_is_an_error_and_never_a_request():
    figure = OfflineFigure(LIBRARIES)
    drawn = OfflineMap(location=[29.7, 120.2], tiles=None)
    figure.add_child(drawn)
    HeatMap([[29.7, 120.2]]).add_to(drawn)
    with pytest.raises(KeyError, match="leaflet_heat"):
        figure.render()


def test_plain_folium_map_is_refused_because_it_links_to_jquery():
    figure = OfflineFigure(LIBRARIES)
    figure.add_child(folium.Map(tiles=None))
    with pytest.raises(KeyError):
        figure.render()


def test_a_missing_library_is_named():
    with pytest.raises(KeyError, match=r"leaflet\.css"):
        heatmap_page(invented.spec(), {"leaflet/leaflet.js": ""})


def test_inlined_page_has_no_address_of_any_kind_and_scripts_allowed_by_hash():
    text = heatmap_page(invented.spec(), LIBRARIES)
    addresses = set(re.findall(r"https?://[^\s\"'<>)]+", text))
    assert addresses <= {"http://www.w3.org/2000/svg"}  # a namespace inside a data: image, which nobody fetches
    assert "url(images" not in text
    assert policy_of(text).startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-inline" not in policy_of(text).split("style-src")[0]


def test_served_page_links_to_our_files_with_the_nonce():
    text = heatmap_page(invented.spec(), {}, served_at="/static/vendor/", nonce="abc123==")
    assert '<script nonce="abc123==" src="/static/vendor/leaflet/leaflet.js"></script>' in text
    assert '<link rel="stylesheet" href="/static/vendor/leaflet/leaflet.css">' in text
    assert "script-src 'nonce-abc123=='" in policy_of(text)
    with pytest.raises(ValueError, match="nonce"):
        heatmap_page(invented.spec(), {}, served_at="/static/vendor/")
    with pytest.raises(ValueError, match="base64"):
        heatmap_page(invented.spec(), {}, served_at="/static/vendor/", nonce="a' *")


def test_nothing_to_draw_and_slices_that_do_not_fit_are_refused():
    lon, lat, _ = (values[:1] for values in invented.incidents())
    one = invented.count_by_cell(lon, lat, invented.cells().lattice)
    with pytest.raises(EmptyInputError, match="nothing to draw"):
        heatmap_page(HeatmapSpec(cells=one), LIBRARIES)
    with pytest.raises(GisError, match="1 slices, but the slices given are 10"):
        heatmap_page(invented.spec(cells=one), LIBRARIES)
    with pytest.raises(GisError, match="language 'fr'"):
        heatmap_page(invented.spec(language="fr"), LIBRARIES)


def test_a_gate_without_a_place_is_named():
    gates = invented.frame([shapely.Point(1, 1), shapely.Point()], name=["a", "b"])
    with pytest.raises(BadGeometryError, match="gate number 2"):
        gates_layer(gates)


@pytest.mark.parametrize(
    "template", ["javascript:alert(1)//x", "https://a.example;script-src/{z}", "ftp://a.example/{z}"]
)
def test_tile_addresses_cannot_change_the_policy(template):
    if template.startswith("javascript"):
        assert tile_origin(template) == "'self'"
    else:
        with pytest.raises(ValueError, match="not a tile address"):
            heatmap_page(invented.spec(tiles=Tiles(template, "x")), LIBRARIES)


def test_streets_are_made_coarser_until_they_fit():
    rng = np.random.default_rng(1)
    start = np.column_stack([rng.uniform(120, 120.4, 3000), rng.uniform(29.5, 29.9, 3000)])
    lines = shapely.linestrings(start[:, None] + np.cumsum(rng.normal(0, 0.0004, (3000, 30, 2)), axis=1))
    streets = invented.frame(lines, highway=rng.choice(["primary", "service", "residential", "footway"], 3000))
    sizes = []
    for budget in (10**6, 200_000, 40_000):
        data = streets_layer(streets, bounds=(119, 29, 121, 31), budget_bytes=budget).data
        sizes.append(sum(len(data[name]) for name in ("lengths", "dx", "dy")))
        assert sizes[-1] <= budget
        assert sum(data["lines"]) > 0
    assert sizes[0] > sizes[1] > sizes[2]
    outside = streets_layer(streets, bounds=(0, 0, 1, 1)).data
    assert sum(outside["lines"]) == 0


@pytest.mark.parametrize("k", [3, 5])
def test_class_breaks_rise_from_k_and_every_class_can_occur(k):
    rng = np.random.default_rng(k)
    for _ in range(200):
        values = np.round(rng.gamma(0.5, rng.uniform(1, 400), rng.integers(1, 300))).astype(int) + k
        breaks = class_breaks(values, k)
        assert breaks[0] == k
        assert all(a < b for a, b in pairwise(breaks))
        assert len(breaks) <= len(RAMP)
        assert breaks[-1] <= values.max()


def test_ramp_gets_darker_and_uses_both_ends():
    for n in range(2, 7):
        assert ramp(n)[0] == RAMP[0]
        assert ramp(n)[-1] == RAMP[-1]
        assert len(set(ramp(n))) == n


def test_every_text_is_in_both_languages_and_every_category_has_a_sign():
    for key, text in catalogue().items():
        assert text.zh, key
        assert text.en, key
        assert re.findall(r"\{\w+\}", text.zh).sort() == re.findall(r"\{\w+\}", text.en).sort()
    for code, colour in COLOURS.items():
        assert f"category.{code}" in catalogue()
        assert f"sign.{code}" in catalogue()
        assert ink_on(colour) in ("#ffffff", "#0d1b26")


def test_texts_are_filled_once_and_escaped():
    assert say("count.here", n="{n}{k}").zh == "{n}{k} 起"
    assert Text("<b>", "<b>").html() == "&lt;b&gt;"
    assert "`" not in safe_text("`${x}`\\")
