"""Coordinates as people write them."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gis.readers.coordinates import looks_swapped, parse_angle, parse_coordinates, parse_pair

LON, LAT = 120 + 14 / 60 + 12.5 / 3600, 29 + 42 / 60 + 30 / 3600


@pytest.mark.parametrize(
    "text",
    [
        "120°14′12.5″E", "120°14'12.5\"E", "120度14分12.5秒", "E120°14'12.5\"", "E 120° 14′ 12.5″", "东经120°14′12.5″",
        "东经 120度14分12.5秒", "120-14-12.5", "120 14 12.5", "120:14:12.5", "120：14：12.5", "１２０°１４′１２．５″Ｅ",
        "120º14’12.5”", "120°14''12.5", "120 14 12.5 E", "120d14m12.5s E", "120deg 14min 12.5sec", "120°14.208333333'",
        "120.236805556", "120.236805556°", "+120.236805556", "120,236805556", "120.236805556E", "lon: 120.236805556",
        "经度：120.236805556", "１２０．２３６８０５５５６", "120°14′12,5″", " 120.236805556\u3000", "120。236805556",
        "120.236805556 East", "120° 14' 12.5'' E",
    ],
)  # fmt: skip
def test_longitudes(text: str) -> None:
    if text == "120°14''12.5":
        with pytest.raises(ValueError, match="cannot be read"):
            parse_angle(text)
    else:
        assert parse_angle(text, "longitude") == pytest.approx(LON, abs=1e-8)


@pytest.mark.parametrize(
    "text", ["N29 42 30", "29°42′30″N", "北纬29°42′30″", "29°42.5′N", "29-42-30", "29度42分30秒", "纬度29.7083333333"]
)
def test_latitudes(text: str) -> None:
    assert parse_angle(text, "latitude") == pytest.approx(LAT, abs=1e-8)


@pytest.mark.parametrize(
    ("text", "value"),
    [("-120.5", -120.5), ("−120.5", -120.5), ("120.5W", -120.5), ("西经120°30′", -120.5), ("-0-30-0", -0.5),
     ("29°30′S", -29.5), ("500123.45", 500123.45), ("3,285,123.45", 3285123.45), ("500,123", 500123), ("120,236", 120.236),
     ("1.2e2", 120), (".5", 0.5)],
)  # fmt: skip
def test_signs_and_thousands(text: str, value: float) -> None:
    assert parse_angle(text) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("120°60′00″", "minutes_too_large"),
        ("120°14′60″", "seconds_too_large"),
        ("-120°14′W", "contradicting_signs"),
        ("E120°14′W", "contradicting_signs"),
        ("29°42′N", "swapped"),
        ("181°0′", "out_of_range"),
        ("120.5°14′", "unreadable_coordinate"),
        ("120.14.12", "unreadable_coordinate"),
        ("学校门口", "unreadable_coordinate"),
        ("inf", "unreadable_coordinate"),
        ("1e999", "unreadable_coordinate"),
        ("0x10", "unreadable_coordinate"),
        ("120 14 12 5", "unreadable_coordinate"),
    ],
)
def test_refused(text: str, code: str) -> None:
    lon, lat, problems = parse_coordinates(pd.Series([text], index=[7]), pd.Series(["29.7"], index=[7]))
    assert math.isnan(lon[0])
    assert lat[0] == 29.7
    assert [(p.row, p.code, p.severity) for p in problems] == [(7, code, "refused")]
    assert text in problems[0].detail


def test_columns_of_texts_numbers_and_nothing() -> None:
    longitude = pd.Series([120.5, 121, "120°30′", None, "", float("nan"), " ", "无"], dtype=object, name="经度")
    lon, _, problems = parse_coordinates(longitude, pd.Series([29.5] * 8))
    np.testing.assert_array_equal(lon[:3], [120.5, 121, 120.5])
    assert np.isnan(lon[3:]).all()
    assert problems == []


def test_many_rows_keep_their_numbers() -> None:
    texts = pd.Series(["120.1", "bad", "120.2", "bad"] * 100, index=range(2, 402), dtype=str, name="lon")
    lon, _, problems = parse_coordinates(texts, pd.Series(["29"] * 400, index=texts.index))
    assert [p.row for p in problems] == list(range(3, 402, 2))
    assert {p.field for p in problems} == {"lon"}
    assert np.isnan(lon).sum() == 200


@pytest.mark.parametrize(
    "text",
    [
        "120.24,29.71", "120.24 29.71", "120.24, 29.71", "120.24;29.71", "120.24，29.71", "(120.24, 29.71)",
        "[120.24, 29.71]", "29.71N 120.24E", "29.71°N, 120.24°E", "N29.71 E120.24", "POINT (120.24 29.71)",
        "point(120.24 29.71)", "POINT Z (120.24 29.71 5)", "SRID=4326;POINT(120.24 29.71)", "120,24 29,71",
        "120,24;29,71", "北纬29°42′36″，东经120°14′24″", "东经120°14′24″北纬29°42′36″", "N29 42 36 E120 14 24",
        "29 42 36 N 120 14 24 E", "120°14′24″ 29°42′36″", "120°14'24\",29°42'36\"", "经度:120.24 纬度:29.71",
        '{"type":"Point","coordinates":[120.24,29.71]}', "120.24/29.71", "lat 29.71, lon 120.24", "120 14 24 29 42 36",
        "１２０．２４，２９．７１", "120.24|29.71",
    ],
)  # fmt: skip
def test_pairs(text: str) -> None:
    lon, lat, problems = parse_pair(pd.Series([text]))
    assert problems == []
    assert (lon[0], lat[0]) == pytest.approx((120.24, 29.71), abs=1e-9)


@pytest.mark.parametrize("text", ["120.24", "120.24,29.71,5,6", "120.24E 121E", "here", "POINT (1)", "120°61′,29°"])
def test_refused_pairs(text: str) -> None:
    lon, lat, problems = parse_pair(pd.Series([text, "", None], dtype=object))
    assert np.isnan(lon).all()
    assert np.isnan(lat).all()
    assert [p.severity for p in problems] == ["refused"]
    assert text in problems[0].detail


def test_refused_minutes_of_a_pair_say_so() -> None:
    assert "61 minutes" in parse_pair(pd.Series(["120°61′, 29°"]))[2][0].detail


def test_swapped() -> None:
    lon = np.array([29.7, 120.2, 10.0, np.nan])
    lat = np.array([120.2, 29.7, 10.0, 29.7])
    assert looks_swapped(lon, lat, (119.9, 29.3, 120.6, 30.0)).tolist() == [True, False, False, False]


@st.composite
def written(draw: st.DrawFn) -> tuple[str, float]:
    """Return a longitude in degrees, minutes and seconds, and its value."""
    value = draw(st.floats(-180, 180, allow_nan=False))
    # Whole units of 1/10,000 second, so that no part is rounded up to 60.
    units = min(round(abs(value) * 36_000_000), 180 * 36_000_000)
    degrees, rest = divmod(units, 36_000_000)
    minutes, seconds = divmod(rest, 600_000)
    form = draw(
        st.sampled_from(
            [
                "{h}{d}°{m}′{s}″",
                "{d}°{m}'{s}\"{h}",
                "{d}度{m}分{s}秒{h}",
                "{h} {d} {m} {s}",
                "{d}-{m}-{s}{h}",
                "{c}{d}°{m}′{s}″",
            ]
        )
    )
    west = value < 0
    text = form.format(
        h="W" if west else "E", c="西经" if west else "东经", d=degrees, m=minutes, s=f"{seconds / 10_000:.4f}"
    )
    if draw(st.booleans()):
        text = text.translate({ord("0") + n: ord("０") + n for n in range(10)})
    return text, value


@given(written())
def test_what_is_written_is_read_back(pair: tuple[str, float]) -> None:
    text, value = pair
    assert parse_angle(text, "longitude") == pytest.approx(value, abs=1e-7)


@given(st.text(max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    series = pd.Series([text], dtype=object)
    for lon, lat, problems in (parse_coordinates(series, series), parse_pair(series)):
        assert len(lon) == len(lat) == 1
        assert all(p.severity == "refused" for p in problems)
