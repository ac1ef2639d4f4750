"""What training gives to other programs names nobody whom the programme serves."""

import pytest

from gateway.web.doors.calendar_text import calendar_of
from gateway.web.doors.statements import FILES
from gateway.web.doors.tables_out import TABLES, csv_of
from infra import clock
from tests.fixtures.people_served import as_token, people_served_in, planted
from tests.fixtures.whole_platform import Platform
from tests.platform.test_training_day import RECORDS, get

pytestmark = pytest.mark.walk


@pytest.mark.parametrize("name", sorted(TABLES))
async def test_no_table_names_anybody_served(platform: Platform, name: str) -> None:
    table = await get(platform, f"/training/{name}.csv", "training_manager")
    assert table.status_code == 200
    assert len(table.text.splitlines()) > 1
    assert people_served_in([table.text]) == []


@pytest.mark.parametrize("name", sorted(FILES))
async def test_no_statement_does(platform: Platform, name: str) -> None:
    path = f"/training/{name}.xapi.json"
    statements = await get(platform, path, "training_manager")
    assert statements.status_code == 200
    assert len(statements.json()) > 1
    assert people_served_in([statements.text]) == []
    assert "@" not in statements.text
    assert (await get(platform, path, None)).status_code == 401


async def test_neither_calendar_nor_badge_does(platform: Platform) -> None:
    calendar = await get(platform, "/training/sessions.ics", "officer")
    assert "BEGIN:VEVENT" in calendar.text
    records = await platform.send("training_manager", RECORDS, purpose="TRAINING_ADMIN")
    nodes = [edge["node"] for edge in records.data["trainingRecords"]["edges"]]
    texts = [calendar.text, (await get(platform, "/training/badge-keys", None)).text]
    for node in nodes:
        if node["outcome"] == "COMPLETED":
            badge = await get(platform, f"/training/badges/{node['id']}", "training_manager")
            assert badge.status_code == 200
            texts.append(badge.text)
    assert len(texts) > 2
    assert people_served_in(texts) == []


def test_planted_names_are_found() -> None:
    """The same look at files of the same kinds, each with a person's name in it."""
    given, family = planted().split(" ", 1)
    row = {"familyName": family, "givenName": given}
    session = {
        "id": "s1", "number": "9101-1", "title": f"{'A long title ' * 5}{planted()}",
        "startsAt": "2027-03-09T09:00:00-08:00", "endsAt": "2027-03-09T12:00:00-08:00",
        "version": 1, "status": "OPEN", "location": {"raw": "Hall"}, "course": {"number": "9101"},
    }  # fmt: skip
    badge = f"e30.{as_token({'credentialSubject': {'name': planted()}})}.c2lnbmF0dXJl"
    for text in (
        csv_of(TABLES["personnel"].columns, [row]),
        calendar_of([session], made_at=clock.now()),
        badge,
    ):
        assert people_served_in([text]) != []
