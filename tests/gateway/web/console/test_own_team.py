"""The own record: who works with somebody, counsel, letters, programmes, attempts to reach them."""

import re
from typing import Any

from gateway.web.console.views import own_team
from tests.gateway.web.console.test_long_training_lists import Row, Service, page_of, shown

AT = "2026-03-15T17:00:00+00:00"


def manager(name: str, ended_at: str | None = None) -> Row:
    return {
        "id": f"m-{name}", "caseManagerName": name, "agencyId": "g120", "startsOn": "2026-01-02",
        "endedAt": ended_at,
    }  # fmt: skip


def letter(**changes: Any) -> Row:
    return {
        "id": "l1", "participation": "Ben takes part.", "statement": "He comes to every meeting.",
        "whatWouldHelp": "A later date.", "caseNumber": "26-1-00017-1", "status": "DELIVERED",
        "courtName": "Cedar Falls Municipal Court", "writtenAt": AT, "approvedAt": AT,
        "deliveredAt": AT, "recipientName": "Clerk Sample", "deliveryMethod": "CLERK", **changes,
    }  # fmt: skip


class OwnRecord(Service):
    """One person's record."""

    def __init__(self, **planted: Any) -> None:
        super().__init__(**planted)
        self.managers: list[Row] = []
        self.counsel: list[Row] = []
        self.letters: list[Row] | None = []
        self.programmes: list[Row] = []
        self.attempts: list[Row] = []

    def root(self) -> dict[str, Any]:
        person = {
            "id": "p1",
            "assignments": lambda _info, **page: page_of(self.managers, **page),
            "counsel": lambda _info, **page: page_of(self.counsel, **page),
            "courtLetters": self.letters,
            "programmePlaces": lambda _info, **page: page_of(self.programmes, **page),
            "contactAttempts": lambda _info, **page: page_of(self.attempts, **page),
        }
        agencies = [{"id": f"g{number}", "name": f"Agency {number}"} for number in range(150)]
        return {
            "participants": lambda _info, first, after=None, **_chosen: page_of(
                [person], first=first, after=after
            ),
            "agencies": lambda _info, **page: page_of(agencies, **page),
        }


def with_all() -> OwnRecord:
    record = OwnRecord()
    record.managers = [manager("Ana Present"), manager("Bo Former", ended_at=AT)]
    record.counsel = [{
        "id": "c1", "agencyId": "g7", "startsOn": "2026-02-01", "confirmedOn": "2026-02-03",
        "isEnded": False,
    }]  # fmt: skip
    record.letters = [letter()]
    record.programmes = [{
        "id": "x", "programme": {"name": "Motel nights"}, "enteredOn": "2026-02-01",
        "leftOn": None, "isLodged": True,
    }]  # fmt: skip
    record.attempts = [
        {"id": f"a{number}", "mode": "STREET", "outcome": "NOT_FOUND", "attemptedAt": AT,
         "place": f"Corner {number:02}"}
        for number in range(40)
    ]  # fmt: skip
    return record


async def test_who_works_with_the_person_is_named_with_their_agency() -> None:
    page = await shown(with_all(), own_team.shown, role="PAR")
    present, _, before = page.partition("<h3>Before</h3>")
    assert "<strong>Ana Present</strong>" in present
    assert "Agency 120" in present  # on the second page of the directory
    assert "Bo Former" in before
    assert "Bo Former" not in present
    assert "<strong>Agency 7</strong>" in page


async def test_letters_places_and_attempts_are_shown_with_what_became_of_them() -> None:
    page = await shown(with_all(), own_team.shown, role="PAR")
    for words in (
        "Cedar Falls Municipal Court, 26-1-00017-1", "He comes to every meeting.", "Handed over",
        "Clerk Sample", "A later date.", "Motel nights", "with lodging", "Corner 00",
        "Looked for you on the street", "You were not found", "(40)",
    ):  # fmt: skip
        assert words in page, words


def corners(page: str) -> list[str]:
    return re.findall(r"Corner (\d\d)", page)


async def read_on(record: OwnRecord) -> list[str]:
    first = await shown(record, own_team.shown, role="PAR")
    after = re.findall(r"after=(\w+)", first)
    following = await shown(record, own_team.shown, role="PAR", query=f"after={after[0]}")
    return corners(first) + corners(following)


async def test_attempts_are_read_page_by_page_to_their_end() -> None:
    assert await read_on(with_all()) == [f"{number:02}" for number in range(40)]


async def test_planted_reading_that_forgets_the_page_shows_the_same_again() -> None:
    record = OwnRecord(OwnTeam=lambda text: text.replace(", after: $after", ""))
    record.attempts = with_all().attempts
    assert await read_on(record) != [f"{number:02}" for number in range(40)]


async def test_what_is_not_there_is_said_and_no_directory_is_read() -> None:
    record = OwnRecord()
    page = await shown(record, own_team.shown, role="REP")
    for words in (
        "Nobody is assigned to you", "No lawyer is written down", "No letter was written",
        "No other programme", "No attempt is written down",
    ):  # fmt: skip
        assert words in page, words
    assert record.asked == ["OwnTeam"]


async def test_a_list_that_is_longer_than_what_is_shown_says_so() -> None:
    record = with_all()
    assert "These lists are longer" not in await shown(record, own_team.shown, role="PAR")
    record.managers = [manager(f"Case Manager {number}") for number in range(101)]
    assert "These lists are longer" in await shown(record, own_team.shown, role="PAR")


async def test_a_part_that_did_not_answer_leaves_the_rest() -> None:
    record = with_all()
    record.letters = None
    page = await shown(record, own_team.shown, role="PAR")
    assert "Ana Present" in page
    assert "No letter was written" in page
