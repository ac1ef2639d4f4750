"""The demo shows a few of each: requests, meetings, a letter; and the facts that they rest on."""

from sqlalchemy import text

from tests.fixtures.conferences import agenda, chair
from tests.fixtures.service_app import ServiceApp

DEMO_MEETINGS = "query { owgMeetings(first: 100) { edges { node { id status place } } } }"


async def test_the_demo_has_a_few_of_each(cases: ServiceApp) -> None:
    async with cases.chassis.database.read() as session:
        counted = {
            table: await session.scalar(text(f"select count(*) from {table}"))
            for table in ("owg_meeting", "owg_item", "coordination_request", "court_letter")
        }
        grounds = await session.scalar(
            text("select count(*) from authority_visibility where basis = 'k'")
        )
    assert all(counted.values()), counted
    assert grounds


async def test_the_next_meeting_is_prepared(cases: ServiceApp) -> None:
    answer = await cases.graphql(chair(), DEMO_MEETINGS)
    found = [
        edge["node"]
        for edge in answer.data["owgMeetings"]["edges"]
        if edge["node"]["place"].startswith("Community center")
    ]
    assert {each["status"] for each in found} == {"AGENDA_OPEN", "MINUTES_APPROVED"}
    # Nobody's release is among the facts here, so the chair sees none of it.
    assert await agenda(cases, chair(), found[0]["id"]) == []
