"""A court date that no calendar in UTC can hold is refused, and never reaches the database."""

import pytest

from tests.fixtures.cases_service import new_case, prosecutor
from tests.fixtures.service_app import ServiceApp, new_key

ADD = """
mutation($input: AddHearingInput!) {
  addHearing(input: $input) { legalCase { version } userErrors { code field } }
}
"""


@pytest.mark.parametrize("beyond", ["9999-12-31T23:00:00-08:00", "0001-01-01T01:00:00+08:00"])
async def test_a_hearing_beyond_the_calendar_is_refused(cases: ServiceApp, beyond: str) -> None:
    given = {
        "caseId": str((await new_case(cases)).id),
        "kind": "REVIEW",
        "startsAt": beyond,
        "expectedVersion": 1,
        "idempotencyKey": new_key(),
    }
    answer = await cases.graphql(prosecutor(), ADD, {"input": given})
    assert answer.data["addHearing"] == {
        "legalCase": None,
        "userErrors": [{"code": "TIME_OUT_OF_RANGE", "field": ["startsAt"]}],
    }
