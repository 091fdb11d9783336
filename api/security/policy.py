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
ADMIN = frozenset({"admin"})
POLICE = frozenset({"police"})
OFFICE = frozenset({"dispatcher", "admin"})
PATROLS = frozenset({"police", "dispatcher"})
CASES = SIGNED_IN - {"viewer"}
NOTICE_WRITERS = frozenset({"dispatcher", "liaison", "leader", "admin"})
MEETING = SIGNED_IN - {"inspector"}
ASKERS = frozenset({"dispatcher", "handler", "liaison", "leader", "admin"})  # who may ask to see sealed incidents

POLICY: dict[tuple[str, str], frozenset[str]] = {
    # pages
    ("GET", "/"): PUBLIC_VIEW,
    ("GET", "/home"): ANYONE,  # leads on to a page
    ("GET", "/heat"): PUBLIC_VIEW,
    ("GET", "/field"): ANYONE,  # the app itself, without anybody's data
    ("GET", "/field/worker.js"): ANYONE,
    ("GET", "/sign-in"): ANYONE,
    ("GET", "/sign-in/city"): ANYONE,
    ("GET", "/sign-in/city/answer"): ANYONE,
    ("GET", "/admin"): OFFICE,
    ("GET", "/board"): CASES,
    ("GET", "/board/indicators"): SIGNED_IN - {"inspector"},
    ("GET", "/actions"): SIGNED_IN,
    ("GET", "/notices"): SIGNED_IN,
    ("GET", "/departments"): ASKERS | {"police"},
    ("GET", "/police"): POLICE,
    ("GET", "/meeting"): MEETING,
    ("GET", "/patrols"): PATROLS,
    ("GET", "/sealed"): ASKERS | {"police"},
    ("GET", "/shared/{token}"): ANYONE,  # who has the link: a brief, until it expires or is withdrawn
    ("GET", "/language/{code}"): ANYONE,
    # for operators
    ("GET", "/healthz"): ANYONE,
    ("GET", "/readyz"): ANYONE,
    ("GET", "/metrics"): ADMIN,  # and without a sign-in from the machine itself (api/routes/health.py)
    # the reference
    ("GET", "/docs"): PUBLIC_VIEW,
    ("GET", "/openapi.json"): PUBLIC_VIEW,
    # who are you
    ("POST", "/api/v1/session"): ANYONE,
    ("DELETE", "/api/v1/session"): ANYONE,
    ("POST", "/api/v1/token"): ANYONE,
    ("DELETE", "/api/v1/token"): ANYONE,
    ("GET", "/api/v1/tokens"): SIGNED_IN,
    ("POST", "/api/v1/tokens"): SIGNED_IN,
    ("DELETE", "/api/v1/tokens/{identity}"): SIGNED_IN,
    ("GET", "/api/v1/me"): ANYONE,
    ("POST", "/api/v1/me/password"): SIGNED_IN,
    ("GET", "/api/v1/me/email"): SIGNED_IN,
    ("PUT", "/api/v1/me/email"): SIGNED_IN,
    # messages: everybody's own; what goes out is for administrators
    ("GET", "/api/v1/messages"): SIGNED_IN,
    ("POST", "/api/v1/messages/read"): SIGNED_IN,
    ("GET", "/api/v1/outbox"): ADMIN,
    ("POST", "/api/v1/outbox/again"): ADMIN,
    ("POST", "/api/v1/outbox/{identity}/again"): ADMIN,
    # accounts, and who walks which cell
    ("GET", "/api/v1/people"): OFFICE,
    ("POST", "/api/v1/people"): ADMIN,
    ("GET", "/api/v1/people/{identity}"): OFFICE,
    ("PATCH", "/api/v1/people/{identity}"): ADMIN,
    ("POST", "/api/v1/people/{identity}/sign-out"): ADMIN,
    ("GET", "/api/v1/people/{identity}/cells"): OFFICE,
    ("PUT", "/api/v1/people/{identity}/cells"): OFFICE,
    ("POST", "/api/v1/cells/assignments"): OFFICE,
    # the audit log
    ("GET", "/api/v1/audit"): ADMIN,
    ("GET", "/api/v1/audit/export"): ADMIN,
    # the map
    ("GET", "/api/v1/vocabulary"): PUBLIC_VIEW,
    ("GET", "/api/v1/schools"): PUBLIC_VIEW,
    ("GET", "/api/v1/schools/{identity}"): PUBLIC_VIEW,
    ("GET", "/api/v1/schools/{identity}/perimeter"): PUBLIC_VIEW,
    ("GET", "/api/v1/schools/{identity}/gates"): PUBLIC_VIEW,
    ("GET", "/api/v1/schools/{identity}/timetable"): PUBLIC_VIEW,
    ("POST", "/api/v1/schools"): OFFICE,
    ("PATCH", "/api/v1/schools/{identity}"): OFFICE,
    ("DELETE", "/api/v1/schools/{identity}"): OFFICE,
    ("POST", "/api/v1/schools/{identity}/perimeter"): OFFICE,
    ("PATCH", "/api/v1/schools/{identity}/perimeter"): OFFICE,
    ("DELETE", "/api/v1/schools/{identity}/perimeter"): OFFICE,
    ("POST", "/api/v1/schools/{identity}/gates"): OFFICE,
    ("PATCH", "/api/v1/schools/{identity}/gates/{gate_id}"): OFFICE,
    ("DELETE", "/api/v1/schools/{identity}/gates/{gate_id}"): OFFICE,
    ("POST", "/api/v1/schools/{identity}/timetable"): OFFICE,
    ("PATCH", "/api/v1/schools/{identity}/timetable"): OFFICE,
    ("DELETE", "/api/v1/schools/{identity}/timetable"): OFFICE,
    ("GET", "/api/v1/school-calendar"): PUBLIC_VIEW,
    ("PUT", "/api/v1/school-calendar"): OFFICE,
    ("GET", "/api/v1/perimeters"): PUBLIC_VIEW,
    ("GET", "/api/v1/cells"): PUBLIC_VIEW,
    ("GET", "/api/v1/gates"): PUBLIC_VIEW,
    ("GET", "/api/v1/premises"): PUBLIC_VIEW,
    ("GET", "/api/v1/facilities"): PUBLIC_VIEW,
    ("GET", "/api/v1/facilities/support"): MEETING,
    ("PUT", "/api/v1/facilities/targets"): OFFICE,
    ("POST", "/api/v1/premises"): OFFICE,
    ("GET", "/api/v1/premises/{identity}"): SIGNED_IN,
    ("PATCH", "/api/v1/premises/{identity}"): OFFICE,
    ("GET", "/api/v1/streets"): PUBLIC_VIEW,
    ("GET", "/api/v1/tiles/{z}/{x}/{y}.mvt"): PUBLIC_VIEW,
    ("GET", "/api/v1/geocode"): PUBLIC_VIEW,
    ("GET", "/api/v1/geocode/reverse"): PUBLIC_VIEW,
    ("POST", "/api/v1/distance-checks"): PUBLIC_VIEW,
    ("GET", "/api/v1/distance-rules"): PUBLIC_VIEW,
    ("GET", "/api/v1/distance-rules/{rule_id}"): PUBLIC_VIEW,
    ("PUT", "/api/v1/distance-rules/{rule_id}"): ADMIN,
    # exports: what a person may see as a list, as a file; incidents as cells alone (api/services/exports)
    ("GET", "/api/v1/exports/{collection}.{extension}"): SIGNED_IN,
    # hazards and inspections
    ("GET", "/api/v1/hazards"): PUBLIC_VIEW,
    ("GET", "/api/v1/hazards/nearby"): PUBLIC_VIEW,
    ("GET", "/api/v1/hazards/{identity}"): PUBLIC_VIEW,
    ("POST", "/api/v1/hazards"): FIELD,
    ("PATCH", "/api/v1/hazards/{identity}"): FIELD,
    ("GET", "/api/v1/hazards/{identity}/sightings"): SIGNED_IN,
    ("POST", "/api/v1/sightings"): FIELD,
    ("POST", "/api/v1/sync"): FIELD,
    ("GET", "/api/v1/field/pack"): FIELD,
    ("GET", "/api/v1/coverage"): OFFICE,
    ("GET", "/api/v1/checklists"): SIGNED_IN,
    ("PUT", "/api/v1/checklists/{key}"): ADMIN,
    ("GET", "/api/v1/inspections/due"): FIELD,
    ("GET", "/api/v1/inspections"): FIELD,
    ("POST", "/api/v1/inspections"): FIELD,
    # cases: which ones somebody sees is decided by record (api/services/cases/views.py), what they may do by the table of
    # api/services/cases/machine.py
    ("GET", "/api/v1/cases"): CASES,
    ("GET", "/api/v1/cases/queue"): CASES,
    ("GET", "/api/v1/cases/changes"): CASES,  # server-sent events: the ids of cases that one sees, when they change
    ("GET", "/api/v1/cases/machine"): SIGNED_IN,
    ("GET", "/api/v1/cases/indicators"): SIGNED_IN - {"inspector"},
    ("GET", "/api/v1/cases/indicators.xlsx"): SIGNED_IN - {"inspector"},
    ("GET", "/api/v1/cases/indicators/cases"): CASES - {"inspector"},
    ("GET", "/api/v1/cases/{identity}"): CASES,
    ("POST", "/api/v1/cases"): FIELD | {"liaison"},
    ("GET", "/api/v1/cases/{identity}/actions"): CASES,
    ("POST", "/api/v1/cases/{identity}/actions"): CASES,
    ("GET", "/api/v1/exports/cases.xlsx"): OFFICE,
    # Open311 GeoReport v2: switched on by a setting; api_key, a bearer token, is asked for by the routes themselves
    ("GET", "/open311/v2/discovery{form:ending}"): ANYONE,
    ("GET", "/open311/v2/services{form:ending}"): ANYONE,
    ("GET", "/open311/v2/services/{code:plain}{form:ending}"): ANYONE,
    ("GET", "/open311/v2/requests{form:ending}"): ANYONE,
    ("POST", "/open311/v2/requests{form:ending}"): ANYONE,
    ("GET", "/open311/v2/requests/{number:plain}{form:ending}"): ANYONE,
    ("GET", "/open311/v2/tokens/{token:plain}{form:ending}"): ANYONE,
    # meetings: figures for all who sit there; the records behind them as far as one may open them (services/meetings)
    ("GET", "/api/v1/meetings/{period}/figures"): MEETING,
    ("GET", "/api/v1/meetings/{period}/members"): MEETING - {"viewer"},
    ("GET", "/api/v1/meetings/{period}/maps/{name}.svg"): MEETING,
    ("GET", "/api/v1/meetings/{period}/alerts"): MEETING,
    ("GET", "/api/v1/meetings/{period}/effects"): MEETING,
    ("GET", "/api/v1/meetings"): MEETING,
    ("POST", "/api/v1/meetings"): OFFICE,
    ("GET", "/api/v1/meetings/{period}"): MEETING,
    ("PATCH", "/api/v1/meetings/{period}"): OFFICE,
    ("POST", "/api/v1/meetings/{period}/decisions"): OFFICE,
    ("GET", "/api/v1/meetings/{period}/{what}.{kind}"): MEETING,
    # who may carry a decision out, and who may strike it off, is decided by record (services/decisions/views.py)
    ("GET", "/api/v1/decisions/{identity}"): MEETING,
    ("PATCH", "/api/v1/decisions/{identity}"): OFFICE,
    ("POST", "/api/v1/decisions/{identity}/actions"): MEETING - {"viewer"},
    ("POST", "/api/v1/decisions/{identity}/files"): MEETING - {"viewer"},
    ("GET", "/api/v1/decisions/{identity}/files/{file}"): MEETING,
    ("GET", "/api/v1/briefs/{period}.{kind}"): MEETING,
    ("GET", "/api/v1/briefs/{period}/shares"): OFFICE,
    ("POST", "/api/v1/briefs/{period}/shares"): OFFICE,
    ("DELETE", "/api/v1/briefs/shares/{identity}"): OFFICE,
    ("GET", "/api/v1/briefs/{period}"): MEETING,
    ("GET", "/api/v1/briefs/{period}/history"): MEETING,
    ("PUT", "/api/v1/briefs/{period}/texts/{key}"): OFFICE,
    ("GET", "/api/v1/duty-reports"): MEETING,
    ("PUT", "/api/v1/duty-reports/{identity}"): MEETING - {"viewer"},  # of one's own department
    ("GET", "/api/v1/departments"): SIGNED_IN,
    ("GET", "/api/v1/departments/{code}"): SIGNED_IN,
    ("PUT", "/api/v1/departments/{code}"): ADMIN,
    ("GET", "/api/v1/address-book"): ASKERS | {"police"},
    ("GET", "/api/v1/absences"): CASES,
    ("POST", "/api/v1/absences"): CASES,
    ("DELETE", "/api/v1/absences/{identity}"): CASES,
    ("GET", "/api/v1/departments/{code}/duties"): ASKERS | {"police"},
    ("PUT", "/api/v1/departments/{code}/duties"): OFFICE,
    ("GET", "/api/v1/filing-rules"): OFFICE,
    ("GET", "/api/v1/filing-rules/{identity}"): OFFICE,
    ("PUT", "/api/v1/filing-rules/{identity}"): OFFICE,
    ("DELETE", "/api/v1/filing-rules/{identity}"): OFFICE,
    ("GET", "/api/v1/working-calendar/{year}"): OFFICE,
    ("PUT", "/api/v1/working-calendar/{year}"): OFFICE,
    # joint actions: everybody knows of them; of their cases one sees those that one sees anyway
    ("GET", "/api/v1/actions"): SIGNED_IN,
    ("POST", "/api/v1/actions"): OFFICE,
    ("GET", "/api/v1/actions/{identity}"): SIGNED_IN,
    ("PATCH", "/api/v1/actions/{identity}"): OFFICE,
    ("GET", "/api/v1/actions/{identity}/progress"): SIGNED_IN,
    ("GET", "/api/v1/actions/{identity}/cases"): CASES,
    ("GET", "/api/v1/actions/{identity}/effect"): SIGNED_IN
    - {"inspector"},  # incidents by released groups but for police
    # information notices: which ones somebody sees and answers is decided by record (api/security/acting.py), since
    # whoever holds a duty or substitutes today may have any role
    ("GET", "/api/v1/notices"): SIGNED_IN,
    ("GET", "/api/v1/notices/trends"): NOTICE_WRITERS,
    ("POST", "/api/v1/notices"): NOTICE_WRITERS,
    ("GET", "/api/v1/notices/{identity}"): SIGNED_IN,
    ("PATCH", "/api/v1/notices/{identity}"): NOTICE_WRITERS,
    ("DELETE", "/api/v1/notices/{identity}"): NOTICE_WRITERS,
    ("POST", "/api/v1/notices/{identity}/files"): NOTICE_WRITERS,
    ("GET", "/api/v1/notices/{identity}/files/{file}"): SIGNED_IN,
    ("POST", "/api/v1/notices/{identity}/read"): SIGNED_IN,
    ("POST", "/api/v1/notices/{identity}/answers"): SIGNED_IN,
    ("POST", "/api/v1/notices/{identity}/reminders"): NOTICE_WRITERS,
    # photos: as the record they belong to (api/services/photos), and never without a sign-in: passers-by are on them
    ("GET", "/api/v1/hazards/{identity}/photos"): SIGNED_IN,
    ("POST", "/api/v1/hazards/{identity}/photos"): FIELD | {"handler"},  # of a hazard whose case their department has
    ("POST", "/api/v1/inspections/{identity}/photos"): FIELD,
    ("GET", "/api/v1/photos/{identity}"): SIGNED_IN,
    ("GET", "/api/v1/photos/{identity}/thumbnail"): SIGNED_IN,
    # sealed incidents: whoever is in the field reports; seeing them is decided by record (api/services/sealed.py)
    ("POST", "/api/v1/incidents"): FIELD,
    ("GET", "/api/v1/incidents"): ASKERS | {"police"},
    ("GET", "/api/v1/incidents/{identity}"): ASKERS | {"police"},
    ("GET", "/api/v1/sealed-requests"): ASKERS,
    ("POST", "/api/v1/sealed-requests"): ASKERS,
    ("POST", "/api/v1/sealed-requests/{identity}/decision"): frozenset({"leader"}),
    # patrols: who plans; a team sees its own shift, and its own part of the plan (api/services/patrols/records.py)
    ("GET", "/api/v1/patrols/plans"): PATROLS,
    ("POST", "/api/v1/patrols/plans"): PATROLS,
    ("GET", "/api/v1/patrols/plans/{identity}"): PATROLS | FIELD,
    ("GET", "/api/v1/patrols/plans/{identity}.{kind}"): PATROLS | FIELD,
    ("PATCH", "/api/v1/patrols/plans/{identity}"): PATROLS,
    ("GET", "/api/v1/patrols/posts"): PATROLS,
    ("POST", "/api/v1/patrols/posts"): PATROLS,
    ("GET", "/api/v1/patrols/posts/{identity}"): PATROLS,
    ("PATCH", "/api/v1/patrols/posts/{identity}"): PATROLS,
    ("GET", "/api/v1/patrols/shifts"): FIELD,
    ("POST", "/api/v1/patrols/shifts"): FIELD,
    ("GET", "/api/v1/patrols/shifts/{identity}"): FIELD,
    ("PATCH", "/api/v1/patrols/shifts/{identity}"): FIELD,
    ("POST", "/api/v1/patrols/checks"): FIELD,
    ("GET", "/api/v1/patrols/people"): PATROLS,
    ("GET", "/api/v1/patrols/calendar"): PATROLS,
    ("GET", "/api/v1/patrols/results"): PATROLS,
    # incidents: cells only, k-anonymous
    ("GET", "/api/v1/incidents/cells"): PUBLIC_VIEW,
    ("GET", "/api/v1/incidents/density"): PUBLIC_VIEW,
    ("GET", "/api/v1/incidents/rhythm"): POLICE,
    ("GET", "/api/v1/clusters"): POLICE,
    ("GET", "/api/v1/emerging"): POLICE,
    ("GET", "/api/v1/near-repeats"): POLICE,
    ("GET", "/api/v1/risk"): POLICE,
    ("GET", "/api/v1/evaluation"): POLICE,
    ("GET", "/api/v1/heatmap"): PUBLIC_VIEW,
    ("GET", "/api/v1/hotspots"): PUBLIC_VIEW,
}

# Reading these writes a line into the audit log in somebody's name, so another site's page must not be able to ask for
# them with that person's cookie any more than for a change.
LOGGED_VIEWS = frozenset(
    {("GET", "/api/v1/incidents"), ("GET", "/api/v1/incidents/{identity}"), ("GET", "/api/v1/audit/export")}
)


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
