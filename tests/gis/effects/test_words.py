"""Sentences say what the numbers say, warn where they are few, and carry every number."""

from __future__ import annotations

import datetime as dt
import re

import pytest

from gis.effects.alerts import week_alert
from gis.effects.differences import difference_in_differences
from gis.effects.displacement import weighted_displacement
from gis.effects.matching import pre_trend
from gis.effects.words import Subject, say_alert, say_difference, say_displacement, say_pre_trend
from gis.errors import GisError

ABOUT = Subject("增设护学岗的学校", "schools with new escort posts", "摊贩问题", "stall problems")
TWO = [True, False]


def difference(a0, a1, c0, c1):
    return say_difference(difference_in_differences([[a0, a1], [c0, c1]], [40, 40], TWO, 1), ABOUT)


def test_a_fall_that_is_sure():
    said = difference(80, 30, 90, 88)
    assert said.enough
    assert "由 80 起降至 30 起" in said.zh
    assert re.search(r"比预期约少 62%（95% 区间：少 \d+% 至 \d+%；偶然出现的可能性低于 1/", said.zh)
    assert re.search(r"About 62 % fewer than to be expected \(95 % interval: \d+ % to \d+ % fewer; chance", said.en)


def test_a_rise_that_is_sure():
    said = difference(30, 80, 90, 88)
    assert "由 30 起升至 80 起" in said.zh
    assert "% more; chance" in said.en


def test_what_chance_may_have_done_is_called_no_effect():
    said = difference(30, 25, 31, 30)
    assert "不能说明措施有效或无效" in said.zh
    assert "neither that the action worked nor that it did not" in said.en
    assert re.search(r"区间：少 \d+%到多 \d+%", said.zh)


def test_nothing_changed():
    said = difference(30, 30, 30, 30)
    assert "没有变化" in said.zh
    assert "基本持平" in said.zh
    assert "about as many" in said.en


def test_few_numbers_warn():
    said = difference(3, 0, 4, 4)
    assert not said.enough
    assert "数量太少" in said.zh
    assert "%" not in said.zh + said.en
    assert "Too few" in said.en


@pytest.mark.parametrize(
    ("after", "zh"),
    [
        ([200, 120, 900], "效益扩散到外圈，但小于行动区本身"),
        ([200, 380, 900], "部分问题转移到外圈，但小于行动区的减少"),
        ([200, 520, 900], "转移超过行动区的减少，得不偿失"),
        ([520, 220, 900], "无从谈转移"),
    ],
)
def test_displacement_in_words(after, zh):
    said = say_displacement(weighted_displacement([400, 200, 900], after), ABOUT)
    assert zh in said.zh
    assert "Net effect on both areas" in said.en


def test_displacement_that_chance_may_have_made_only_seems():
    said = say_displacement(weighted_displacement([40, 30, 90], [20, 33, 90]), ABOUT)
    assert "看来" in said.zh
    assert "It seems that" in said.en


def test_displacement_of_few_warns():
    assert not say_displacement(weighted_displacement([4, 2, 90], [2, 3, 90]), ABOUT).enough


def test_the_time_before():
    assert "可以比较" in say_pre_trend(pre_trend([[10] * 8, [5] * 8], [5] * 8, TWO)).zh
    rising = say_pre_trend(pre_trend([[8, 10, 12, 15, 19, 24], [20] * 6], [5] * 6, TWO))
    assert "比较结果不可靠" in rising.zh
    assert "gained" in rising.en
    assert not say_pre_trend(pre_trend([[1, 0], [1, 1]], [5, 5], TWO)).enough


@pytest.mark.parametrize(
    ("counts", "days", "zh", "en"),
    [
        ([3] * 10 + [12], [5] * 11, "超出正常波动", "beyond the usual variation"),
        ([3] * 10 + [4], [5] * 11, "属正常波动", "within the usual variation"),
        ([3] * 10 + [4], [5] * 10 + [0], "本周无上课日", "no school days this week"),
        ([3] * 10 + [4], [5] * 10 + [1], "1 个上课日", "1 school day)"),
    ],
)
def test_weeks_in_words(counts, days, zh, en):
    said = say_alert(week_alert(counts, days), ABOUT)
    assert zh in said.zh
    assert en in said.en


def test_a_week_is_named_by_its_days():
    found = week_alert([3] * 10 + [4], [5] * 11)
    for monday, zh, en in (
        (dt.date(2026, 11, 16), "问题11月16日至22日 4 起（", ": 4 on 16–22 November ("),
        (dt.date(2026, 11, 30), "问题11月30日至12月6日 4 起（", ": 4 on 30 November – 6 December ("),
        (dt.date(2026, 12, 28), "2026年12月28日至2027年1月3日", "on 28 December 2026 – 3 January 2027"),
    ):
        said = say_alert(found, ABOUT, monday)
        assert zh in said.zh
        assert en in said.en
        assert "本周" not in said.zh


def test_every_sentence_carries_its_numbers_and_nobody_changes_them():
    said = difference(80, 30, 90, 88)
    assert (said.numbers["treated_before"], said.numbers["control_after"]) == (80, 88)
    assert said.numbers["ratio"] == pytest.approx(30 / 80 / (88 / 90))
    with pytest.raises(TypeError):
        said.numbers["ratio"] = 1  # type: ignore[index]


def test_both_languages_and_no_other():
    said = difference(80, 30, 90, 88)
    assert said.text("zh") == said.zh
    assert said.text("en") == said.en
    with pytest.raises(GisError):
        said.text("fr")
