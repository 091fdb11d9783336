"""The pages that each person is led to: those that the one table of rights allows, in the order of the masthead."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from api.security.policy import may


class Page(NamedTuple):
    """A page of the masthead: its name in the texts, its path, and the route whose rights say who works with it."""

    name: str
    path: str
    route: str


PAGES = (
    Page("map", "/", "/"),
    Page("heat", "/heat", "/heat"),
    Page("board", "/board", "/board"),
    Page("actions", "/actions", "/actions"),
    Page("notices", "/notices", "/departments"),  # others come by a message, in the days for which they substitute
    Page("departments", "/departments", "/departments"),
    Page("meeting", "/meeting", "/meeting"),
    Page("field", "/field", "/api/v1/field/pack"),  # the app itself is kept on phones and holds nobody's data
    Page("police", "/police", "/police"),
    Page("patrols", "/patrols", "/patrols"),
    Page("sealed", "/sealed", "/sealed"),
    Page("admin", "/admin", "/admin"),
)
# Whoever has several roles begins with the work that cannot wait.
HOMES = (
    ("dispatcher", "board"),
    ("police", "police"),
    ("inspector", "field"),
    ("handler", "board"),
    ("leader", "board"),
    ("liaison", "board"),
    ("admin", "admin"),
    ("viewer", "meeting"),
)


def pages_for(roles: Collection[str], *, public_view: bool) -> list[Page]:
    """Return the pages of the masthead for somebody with these roles (none: not signed in)."""
    return [page for page in PAGES if may("GET", page.route, roles, public_view=public_view)]


def home_of(roles: Collection[str], *, public_view: bool) -> str:
    """Return the path where somebody begins after signing in.

    Examples
    --------
    >>> home_of({"inspector"}, public_view=True)
    '/field'
    >>> home_of((), public_view=True)
    '/'
    """
    reachable = {page.name: page.path for page in pages_for(roles, public_view=public_view)}
    return next((reachable[name] for role, name in HOMES if role in roles and name in reachable), "/")
