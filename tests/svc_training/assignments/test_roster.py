"""Who of some people is on a session: of the own agency, and of nobody who was not asked about."""

from typing import Any
from uuid import uuid4

from infra.dev.demo.identifiers import demo_id
from tests.fixtures.service_app import ServiceApp, new_key
from tests.fixtures.training_service import CASE_MANAGEMENT, training_manager

ASK = """query ($people: [ID!]) {
  roster(sessionNumber: "8020-1", personnelIds: $people, first: 100) {
    totalCount edges { node { status personnel { id } } } } }"""
ASSIGN = """mutation ($i: AssignSessionInput!) { assignSession(input: $i) {
  outcomes { outcome } } }"""
OFFICER, OTHER = (str(demo_id("personnel", each)) for each in ("CF001", "CF002"))
STRANGER = str(demo_id("personnel", "BW001"))


async def found(training: ServiceApp, people: Any, asking: Any = None) -> list[str]:
    answer = await training.graphql(asking or training_manager(), ASK, {"people": people})
    roster = answer.data["roster"]
    assert roster["totalCount"] == len(roster["edges"])
    return [edge["node"]["personnel"]["id"] for edge in roster["edges"]]


async def test_only_who_was_asked_about_and_is_on_it(training: ServiceApp) -> None:
    for manager, people in (
        (training_manager(), [OFFICER]),
        (training_manager(CASE_MANAGEMENT), [STRANGER]),
    ):
        given = {"sessionNumber": "8020-1", "category": "LEAD", "personnelIds": people}
        key = {"idempotencyKey": new_key()}
        answer = await training.graphql(manager, ASSIGN, {"i": {**given, **key}})
        assert answer.data["assignSession"]["outcomes"] == [{"outcome": "ASSIGNED"}]
    everybody = [OFFICER, OTHER, STRANGER, str(uuid4()), "nobody"]
    assert await found(training, everybody) == [OFFICER]
    assert await found(training, [OTHER]) == []
    assert await found(training, []) == []
    assert await found(training, None) == [OFFICER]
    # Planted twin: another agency's person is on the session, and is found by that agency alone.
    assert await found(training, everybody, training_manager(CASE_MANAGEMENT)) == [STRANGER]


async def test_more_people_than_a_page_are_refused(training: ServiceApp) -> None:
    most = [str(uuid4()) for _ in range(100)]
    assert await found(training, most) == []
    refused = await training.graphql(training_manager(), ASK, {"people": [*most, OFFICER]})
    assert refused.error_codes == ["BAD_USER_INPUT"]
