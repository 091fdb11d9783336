"""Who may do what: one table, and everything that is not in it is denied.

``ANYONE`` needs no sign-in at all; ``PUBLIC_VIEW`` needs none while the setting ``public_view`` is on, and some role
otherwise. A test holds the table against the application's routes: a route without a row fails.
"""

from __future__ import annotations

from collections.abc import Collection

ROLES = ("inspector", "handler", "dispatcher", "police", "liaison", "leader", "viewer", "admin")
ANYONE = frozenset({"anyone"})
PUBLIC_VIEW = frozenset({"public view", *ROLES})
FIELD = frozenset({"inspector", "dispatcher", "police", "admin"})
SIGNED_IN = frozenset(ROLES)

POLICY: dict[tuple[str, str], frozenset[str]] = {
    # pages
    ("GET", "/"): PUBLIC_VIEW,
    ("GET", "/heat"): PUBLIC_VIEW,
    ("GET", "/language/{code}"): ANYONE,
    # for operators
    ("GET", "/healthz"): ANYONE,
    ("GET", "/readyz"): ANYONE,
    # the reference
    ("GET", "/docs"): PUBLIC_VIEW,
    ("GET", "/openapi.json"): PUBLIC_VIEW,
    # who are you
    ("POST", "/api/v1/token"): ANYONE,
    ("DELETE", "/api/v1/token"): SIGNED_IN,
    ("GET", "/api/v1/me"): ANYONE,
    # the map
    ("GET", "/api/v1/vocabulary"): PUBLIC_VIEW,
    ("GET", "/api/v1/schools"): PUBLIC_VIEW,
    ("GET", "/api/v1/schools/{identity}"): PUBLIC_VIEW,
    ("GET", "/api/v1/schools/{identity}/perimeter"): PUBLIC_VIEW,
    ("GET", "/api/v1/schools/{identity}/gates"): PUBLIC_VIEW,
    ("GET", "/api/v1/schools/{identity}/timetable"): PUBLIC_VIEW,
    ("GET", "/api/v1/perimeters"): PUBLIC_VIEW,
    ("GET", "/api/v1/cells"): PUBLIC_VIEW,
    ("GET", "/api/v1/gates"): PUBLIC_VIEW,
    ("GET", "/api/v1/premises"): PUBLIC_VIEW,
    ("GET", "/api/v1/streets"): PUBLIC_VIEW,
    ("GET", "/api/v1/geocode"): PUBLIC_VIEW,
    ("GET", "/api/v1/geocode/reverse"): PUBLIC_VIEW,
    ("POST", "/api/v1/distance-checks"): PUBLIC_VIEW,
    # hazards and inspections
    ("GET", "/api/v1/hazards"): PUBLIC_VIEW,
    ("GET", "/api/v1/hazards/nearby"): PUBLIC_VIEW,
    ("GET", "/api/v1/hazards/{identity}"): PUBLIC_VIEW,
    ("POST", "/api/v1/hazards"): FIELD,
    ("PATCH", "/api/v1/hazards/{identity}"): FIELD,
    ("GET", "/api/v1/inspections"): FIELD,
    ("POST", "/api/v1/inspections"): FIELD,
    # incidents: cells only, k-anonymous
    ("GET", "/api/v1/incidents/cells"): PUBLIC_VIEW,
    ("GET", "/api/v1/heatmap"): PUBLIC_VIEW,
}


def may(method: str, path: str, roles: Collection[str], *, public_view: bool) -> bool:
    """Return whether somebody with these roles (none: not signed in) may call a route.

    Parameters
    ----------
    method, path
        The route, its path as a template.
    roles
        The person's roles.
    public_view
        The setting of that name.
    """
    allowed = POLICY.get(("GET" if method == "HEAD" else method, path), frozenset())
    if "anyone" in allowed or (public_view and "public view" in allowed):
        return True
    return bool(allowed & set(roles))
