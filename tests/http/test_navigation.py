"""Everybody is led to the pages that are theirs, and to no page that would refuse them."""

from __future__ import annotations

import pytest

from api.navigation import HOMES, PAGES, home_of, pages_for
from api.security.policy import POLICY, ROLES, may


def test_every_role_has_a_home_that_it_may_open() -> None:
    assert {role for role, _ in HOMES} == set(ROLES)
    for role in ROLES:
        assert may("GET", home_of({role}, public_view=False), {role}, public_view=False)


@pytest.mark.parametrize("role", ROLES)
def test_no_page_is_offered_that_is_refused(role: str) -> None:
    offered = pages_for({role}, public_view=False)
    assert offered[0].name == "map"
    assert all(may("GET", page.path, {role}, public_view=False) for page in offered)


def test_who_is_not_signed_in_sees_the_public_pages_alone() -> None:
    assert [page.name for page in pages_for((), public_view=True)] == ["map", "heat"]
    assert pages_for((), public_view=False) == []
    assert home_of((), public_view=True) == "/"


def test_every_page_of_the_masthead_is_built() -> None:
    missing = [page.path for page in PAGES if ("GET", page.path) not in POLICY]
    assert missing == [], "take a page out of the masthead, or build it"
