"""An office with people signed in, who bring cases from state to state over HTTP."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from starlette.testclient import TestClient

from tests.http.conftest import PEOPLE, Headers
from tests.http.invented_town import place

SignIn = Callable[[TestClient, str], Headers]


class Office:
    """Everybody signed in, with a handler of urban management and one of the police."""

    def __init__(self, client: TestClient, sign_in: SignIn) -> None:
        self.client = client
        self.headers = {name: sign_in(client, name) for name in PEOPLE}
        admin = self.headers["adm"]
        people = {p["name"]: p for p in client.get("/api/v1/people", headers=admin).json()["people"]}
        for name, department in {"han": "urban_management", "pol": "police", "lia": "urban_management"}.items():
            answer = client.patch(
                f"/api/v1/people/{people[name]['id']}",
                json={"department": department},
                headers=admin | {"If-Match": f'"{people[name]["version"]}"'},
            )
            assert answer.json()["department"] == department, answer.text

    def person(self, name: str) -> dict[str, Any]:
        found = self.client.get("/api/v1/people", headers=self.headers["adm"]).json()["people"]
        return next(person for person in found if person["name"] == name)

    def hazard(self, x: float = 70, y: float = 0, **more: Any) -> str:
        lon, lat = place(x, y)
        body = {"id": str(uuid.uuid4()), "lon": lon, "lat": lat, "category": "VEN", "name": "invented"} | more
        answer = self.client.post("/api/v1/hazards", json=body, headers=self.headers["ins"])
        assert answer.status_code == 201, answer.text
        return str(body["id"])

    def case_of(self, hazard: str) -> dict[str, Any] | None:
        found = self.get(f"/api/v1/cases?hazard={hazard}", "dis")["features"]
        return found[0] if found else None

    def case(self, x: float = 70, y: float = 0, **more: Any) -> str:
        found = self.case_of(self.hazard(x, y, **more))
        assert found is not None
        return str(found["id"])

    def get(self, path: str, name: str) -> Any:
        answer = self.client.get(path, headers=self.headers[name])
        assert answer.status_code == 200, answer.text
        return answer.json()

    def show(self, case: str, name: str = "dis") -> dict[str, Any]:
        said: dict[str, Any] = self.get(f"/api/v1/cases/{case}", name)["properties"]
        return said

    def ask(self, case: str, name: str, action: str, headers: Headers | None = None, **more: Any) -> Any:
        return self.client.post(
            f"/api/v1/cases/{case}/actions",
            json={"action": action} | more,
            headers=self.headers[name] | (headers or {}),
        )

    def do(self, case: str, name: str, action: str, **more: Any) -> dict[str, Any]:
        answer = self.ask(case, name, action, **more)
        assert answer.status_code == 201, (action, answer.text)
        said: dict[str, Any] = answer.json()["properties"]
        return said

    def bring(self, case: str, state: str) -> dict[str, Any]:
        """Bring a reported case to a state by the usual way."""
        way: list[tuple[str, str, dict[str, Any]]] = [
            ("dis", "file", {}), ("dis", "dispatch", {}), ("han", "accept", {}), ("han", "start", {}),
            ("han", "answer", {"note": "done"}), ("dis", "send_to_check", {}), ("ins", "pass", {"note": "gone"}),
        ]  # fmt: skip
        said = self.show(case)
        for name, action, more in way:
            if said["state"] == state:
                return said
            said = self.do(case, name, action, **more)
        assert said["state"] == state
        return said
