"""Everybody is led to the pages that are theirs, and to no page that would refuse them."""

from __future__ import annotations

import pytest

from api.navigation import HOMES, home_of, pages_for
from api.security.policy import ROLES, may


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
