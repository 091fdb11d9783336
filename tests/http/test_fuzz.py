"""Requests made up from the OpenAPI document, as every role: no 5xx, and no answer that the document does not describe.

``CAMPUS_FUZZ_EXAMPLES`` (3) is the number of requests for each operation and role; ``CAMPUS_FUZZ_STEPS`` (12) the length
of a random walk in which answers feed the requests that follow.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import (
    content_type_conformance,
    negative_data_rejection,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)
from schemathesis.schemas import BaseSchema
from sqlalchemy.engine import Engine
from starlette.testclient import TestClient

from api.app import create_app
from api.settings import Settings
from tests.http.conftest import PEOPLE, Headers

EXAMPLES = int(os.environ.get("CAMPUS_FUZZ_EXAMPLES", "3"))
STEPS = int(os.environ.get("CAMPUS_FUZZ_STEPS", "12"))
ROLES = [("", "nobody"), *((name, role) for name, role in PEOPLE.items() if name != "other")]
# what a schema cannot say (a code of a category, a point on land) may be refused: that is no failure here
LOOKED_AT = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    response_headers_conformance,
    negative_data_rejection,
]
SETTINGS = settings(
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def fuzzed(town: Engine, settings: Settings) -> Iterator[TestClient]:
    """Return a client of an application that does not mind how often it is asked."""
    free = settings.model_copy(
        update={"sign_ins_per_minute": 10**6, "uploads_per_minute": 10**6, "exports_per_minute": 10**6}
    )
    with TestClient(create_app(free, town), follow_redirects=False) as client:
        yield client


PATIENCE_S = 120  # a busy machine is slow


def the_schema(client: TestClient) -> BaseSchema:
    return schemathesis.openapi.from_asgi("/openapi.json", client.app, timeout=PATIENCE_S)


@pytest.mark.parametrize(("name", "role"), ROLES, ids=[role for _, role in ROLES])
def test_every_operation_answers_as_the_document_says(
    fuzzed: TestClient, sign_in: Callable[[TestClient, str], Headers], name: str, role: str
) -> None:
    headers = sign_in(fuzzed, name) if name else {}
    operations = [found.ok() for found in the_schema(fuzzed).get_all_operations()]
    assert len(operations) > 40
    for operation in operations:
        if operation.label in {"DELETE /api/v1/token", "DELETE /api/v1/session"}:
            continue  # it would sign the caller out; the walk below takes these steps too

        def ask(case: schemathesis.Case) -> None:
            answer = case.call(headers=headers, timeout=PATIENCE_S)
            assert answer.status_code < 500, (case.as_curl_command(), answer.text)
            case.validate_response(answer, checks=LOOKED_AT)

        settings(SETTINGS, max_examples=EXAMPLES)(given(case=operation.as_strategy())(ask))()


@pytest.mark.parametrize("name", ["ins", "dis", "adm"])
def test_random_walks_through_the_operations_break_nothing(
    fuzzed: TestClient, sign_in: Callable[[TestClient, str], Headers], name: str
) -> None:
    headers = sign_in(fuzzed, name)

    class Walk(the_schema(fuzzed).as_state_machine()):  # type: ignore[misc]
        def get_call_kwargs(self, case: schemathesis.Case) -> dict[str, Any]:
            return {"headers": headers, "timeout": PATIENCE_S}

        def validate_response(self, response: object, case: schemathesis.Case, **more: object) -> None:
            assert response.status_code < 500, (case.as_curl_command(), response.text)  # type: ignore[attr-defined]
            case.validate_response(response, checks=LOOKED_AT)

    Walk.run(settings=settings(SETTINGS, max_examples=2 * EXAMPLES, stateful_step_count=STEPS))
