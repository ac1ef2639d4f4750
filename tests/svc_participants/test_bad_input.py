"""Input that cannot be right: one clear user error each, nothing stored, nothing broken."""

from typing import Any

import pytest
from sqlalchemy import func, select

from svc_participants.referrals.tables import ReferralRow
from tests.fixtures.participants_service import (
    FORM,
    case_manager,
    change,
    codes,
    officer,
    person,
)
from tests.fixtures.service_app import ServiceApp


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"account": " "}, "TEXT_MISSING"),
        ({"account": "x" * 20_001}, "TEXT_LENGTH"),
        ({"account": "a\x00b"}, "CHARACTER_NOT_ALLOWED"),
        ({"place": "x" * 501}, "TEXT_LENGTH"),
        ({"occurredAt": "2999-01-01T00:00:00+00:00"}, "DATE_IN_FUTURE"),
        ({"occurredAt": "2026-01-01T00:00:00"}, "TIME_ZONE_MISSING"),
        ({"person": {"alias": "Red", "estimatedBirthYear": 1600}}, "BIRTH_OUT_OF_RANGE"),
        ({"person": {"alias": "Red", "dateOfBirth": "2999-01-01"}}, "BIRTH_OUT_OF_RANGE"),
        ({"person": {"alias": "x" * 501}}, "TEXT_LENGTH"),
        ({"person": {"participantId": "no-id"}}, "NOT_FOUND"),
    ],
)
async def test_a_form_that_cannot_be_right_is_refused_and_not_stored(
    participants: ServiceApp, given: dict[str, Any], code: str
) -> None:
    async def stored() -> int | None:
        async with participants.chassis.database.read() as session:
            return await session.scalar(select(func.count()).select_from(ReferralRow))

    before = await stored()
    payload = await change(
        participants, officer(), "submitSocialContact", "receipt referral { id }",
        form={**FORM, **given}, pattern="-",
    )  # fmt: skip
    assert codes(payload) == [code]
    assert (payload["receipt"], payload["referral"]) == (None, None)
    assert await stored() == before


@pytest.mark.parametrize("key", ["", "k" * 201])
async def test_an_idempotency_key_has_a_length(participants: ServiceApp, key: str) -> None:
    payload = await change(
        participants, case_manager(), "updateContact", "participant { id }",
        participantId=person("p008"), expectedVersion=1, idempotencyKey=key,
    )  # fmt: skip
    assert codes(payload) == ["IDEMPOTENCY_KEY_REUSED"]


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_a_page_has_a_size(participants: ServiceApp, first: int) -> None:
    query = "query($n: Int!) { participants(first: $n) { totalCount } }"
    answer = await participants.graphql(case_manager(), query, {"n": first})
    assert answer.error_codes == ["BAD_USER_INPUT"]


@pytest.mark.parametrize("after", ["", "nonsense", "AAAA", "=" * 40, "é"])
async def test_a_foreign_cursor_is_refused(participants: ServiceApp, after: str) -> None:
    query = """query($id: ID!, $after: String) {
      participants(after: $after) { totalCount }
      participant(id: $id) { notes(after: $after) { totalCount } } }"""
    given = {"after": after, "id": person("roi_none")}
    answer = await participants.graphql(case_manager(), query, given)
    assert answer.error_codes == ["BAD_USER_INPUT", "BAD_USER_INPUT"]


async def test_a_cursor_of_one_list_opens_no_other(participants: ServiceApp) -> None:
    lists = "{ caseload(first: 1) { pageInfo { endCursor } } }"
    found = (await participants.graphql(case_manager(), lists)).data["caseload"]
    query = "query($after: String) { participants(after: $after) { totalCount } }"
    given = {"after": found["pageInfo"]["endCursor"]}
    answer = await participants.graphql(case_manager(), query, given)
    assert answer.error_codes == ["BAD_USER_INPUT"]


async def test_too_many_places_are_refused(participants: ServiceApp) -> None:
    payload = await change(
        participants, case_manager(), "updateContact", "participant { id }",
        participantId=person("p008"), expectedVersion=1, usualPlaces=["somewhere"] * 21,
    )  # fmt: skip
    assert codes(payload) == ["TEXT_LENGTH"]


async def test_an_operation_without_a_token_of_the_gateway_opens_nothing(
    participants: ServiceApp,
) -> None:
    body = {"query": "{ participants { totalCount } }", "variables": None}
    for token in (None, "", "no.token.atall", participants.token(officer(), "cases")):
        answer = await participants.post(body, token)
        assert answer.status == 401
        assert "data" not in answer.body
