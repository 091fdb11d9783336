"""Sentences say what their numbers say; the places are invented."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gis.errors import GisError
from gis.hotspots.chance import Reason
from gis.hotspots.emerging import Emerging
from gis.hotspots.words import Finding, chance, describe, emerging_name, why_not

FOUND = Finding("某校南门", "the south gate of X", 14, 4.6, 13, 0.004, (2, 3, 4), (970, 1020))


def test_the_sentence_of_the_issue():
    assert describe(FOUND, "en") == (
        "Around the south gate of X, Tuesdays to Thursdays 16:10–17:00: 14 incidents in 13 weeks where 4.6 were to be "
        "expected; chance of that below 1 in 200."
    )
    assert describe(FOUND, "zh") == (
        "某校南门周边，周二至周四 16:10–17:00：13 周内 14 起，预期 4.6 起；偶然出现的可能性低于 1/200。"
    )


@pytest.mark.parametrize(
    ("days", "zh", "en"),
    [
        ((), "某校南门周边：", "X: "),
        ((1, 2, 3, 4, 5, 6, 7), "某校南门周边：", "X: "),
        ((5,), "，周五：", ", Fridays: "),
        ((2, 1), "，周一、周二：", ", Mondays and Tuesdays: "),
        ((1, 3, 5), "，周一、周三、周五：", ", Mondays, Wednesdays and Fridays: "),
        ((1, 2, 3, 7), "，周一至周三、周日：", ", Mondays to Wednesdays and Sundays: "),
    ],
)
def test_weekdays(days, zh, en):
    found = replace(FOUND, weekdays=days, minutes=None)
    assert zh in describe(found, "zh")
    assert en in describe(found, "en")


def test_one_is_singular():
    text = describe(Finding("甲", "A", 1, 1.0, 1, 0.6), "en")
    assert text == (
        "Around A: 1 incident in 1 week where 1.0 was to be expected; chance alone would do that in 60 % of cases."
    )


@pytest.mark.parametrize(
    ("p", "en"),
    [
        (1.0, "in 100 % of cases"),
        (0.1, "1 in 10"),
        (0.0999, "below 1 in 10"),
        (0.001, "1 in 1,000"),
        (0.00099, "below 1 in 1,000"),
        (0.0, "below 1 in 1,000,000"),
    ],
)
def test_a_bound_is_never_smaller_than_the_p_value(p, en):
    assert chance(p, "en").endswith(en)
    assert "below" in en or "below" not in chance(p, "en")


@pytest.mark.parametrize("reason", [r for r in Reason if r is not Reason.NONE])
def test_without_a_p_value_the_sentence_says_why(reason):
    for p in (None, float("nan")):
        for language, lead in (("zh", "无法判断是否偶然"), ("en", "cannot be told")):
            text = describe(replace(FOUND, p=p, reason=reason), language)
            assert lead in text
            assert why_not(reason, language) in text
            assert "1 in" not in text
    assert why_not(reason, "zh") != why_not(reason, "en")


def test_without_a_test_and_without_an_expectation():
    text = describe(replace(FOUND, p=None, expected=float("nan")), "en")
    assert text.endswith("14 incidents in 13 weeks; not tested against chance.")
    assert describe(replace(FOUND, p=None), "zh").endswith("；未作显著性检验。")


def test_every_category_has_a_name():
    for language in ("zh", "en"):
        names = [emerging_name(sign * category, language) for category in Emerging if category for sign in (1, -1)]
        assert len(set(names)) == 16


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: describe(FOUND, "fr"),
        lambda: describe(replace(FOUND, weekdays=(0,)), "en"),
        lambda: describe(replace(FOUND, minutes=(1020, 970)), "en"),
        lambda: describe(replace(FOUND, weeks=0), "en"),
        lambda: describe(replace(FOUND, p=1.5), "en"),
        lambda: emerging_name(1, "fr"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong):
    with pytest.raises(GisError):
        wrong()
