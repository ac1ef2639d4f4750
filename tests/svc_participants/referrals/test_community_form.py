"""What the form without a login becomes: each answer where its question belongs."""

from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import text

from infra.entity_references import parse_id
from svc_participants.people.rules import YesNo
from svc_participants.referrals import public_door
from svc_participants.referrals.public_door import form_of
from svc_participants.referrals.submissions import submit_from_public
from tests.fixtures.participants_service import SITE, participant_of, project_manager
from tests.fixtures.service_app import ServiceApp

FILLED: dict[str, Any] = {
    "account": "Sleeps in our doorway.", "bornOn": "1990-02-03",
    "personPhone": "206-555-0134", "usualPlace": "By the library", "personAgreed": "YES",
    "referrerName": "Lou", "referrerUnit": "Demo Bakery", "referrerPhone": "206-555-0135",
    "referrerEmail": "lou@example.org",
}  # fmt: skip
READ = """query($id: ID!) { referral(id: $id) { place personAgreed
  referrer { name unit phone email }
  participant { contact { phone usualPlaces } dateOfBirth } } }"""


async def read_back(service: ServiceApp) -> Any:
    alias = f"Coat-{uuid4().hex[:8]}"
    site_id = parse_id(SITE)
    assert site_id is not None
    async with service.chassis.database.write() as session:
        await submit_from_public(session, site_id, public_door.form_of({**FILLED, "alias": alias}))
    handover = service.chassis.handover
    assert handover is not None
    assert service.chassis.follower is not None
    await service.chassis.follower.wait_for(await handover.flush(), timeout_seconds=60)
    async with service.chassis.database.read() as session:
        key = await session.scalar(
            text("select id::text from referral where person_alias = :alias"), {"alias": alias}
        )
    assert await participant_of(service, str(key))
    answer = await service.graphql(project_manager(), READ, {"id": key})
    return answer.data["referral"]


async def assert_answers_are_where_they_belong(service: ServiceApp) -> None:
    found = await read_back(service)
    assert found["participant"] == {
        "contact": {"phone": "206-555-0134", "usualPlaces": ["By the library"]},
        "dateOfBirth": "1990-02-03",
    }
    assert found["referrer"] == {
        "name": "Lou", "unit": "Demo Bakery", "phone": "206-555-0135", "email": "lou@example.org",
    }  # fmt: skip
    assert found["personAgreed"] == "YES"
    assert found["place"] == "By the library"  # by it figures are split by district


async def test_what_a_neighbour_writes_is_found_where_it_belongs(participants: ServiceApp) -> None:
    await assert_answers_are_where_they_belong(participants)


@pytest.mark.parametrize(
    "lost", ["bornOn", "personPhone", "usualPlace", "personAgreed", "referrerEmail", "referrerUnit"]
)
async def test_planted_answer_that_is_lost_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    monkeypatch.setattr(
        public_door,
        "form_of",
        lambda given: form_of({name: each for name, each in given.items() if name != lost}),
    )
    with pytest.raises(AssertionError):
        await assert_answers_are_where_they_belong(participants)


def test_a_form_of_a_gateway_of_the_release_before_is_read() -> None:
    form = form_of({"account": "x", "alias": "Red", "place": "By the library"})
    assert (form.place, form.person.usual_places) == ("By the library", ())
    assert form.person_agreed is YesNo.NOT_ASKED
