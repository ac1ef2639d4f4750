"""As whom somebody of the roster signs in: offered, sent, kept, and told where it is missing."""

import re
from typing import Any

import pytest

from gateway.web.console.views import exchange, roster, roster_person
from svc_training.acadis.taking import WITHOUT_LOGIN
from tests.gateway.web.console.test_long_training_lists import NOW, Row, page_of, person_of, shown
from tests.gateway.web.console.test_training_forms import Desk

NEW = {
    "given_name": "Ann", "family_name": "Example-Clerk", "appointment_type": "CIVILIAN", "key": "k",
}  # fmt: skip
ENTRY = {
    "given_name": "Ann", "family_name": "Example", "appointment_type": "CIVILIAN", "version": "4",
    "key": "k", "active": "yes",
}  # fmt: skip
NO_LOGIN = "no login"


def account_of(number: int, name: str = "") -> Row:
    return {"accountId": f"0000{number:04}-account", "name": name or f"Serving {number:03}"}


class RosterDesk(Desk):
    """Answers with a roster, one entry of it, and the accounts of the agency."""

    def __init__(self, **planted: Any) -> None:
        super().__init__(**planted)
        self.accounts = [account_of(number) for number in range(3)]
        self.entry: Row = {
            **person_of(7, "Ann Example"), "givenName": "Ann", "familyName": "Example",
            "accountId": None, "hiredOn": None, "academyOn": None, "version": 4,
        }  # fmt: skip

    def root(self) -> dict[str, Any]:
        return super().root() | {
            "rosterPerson": lambda _info, **_asked: self.entry,
            "agencyAssignments": lambda _info, **_asked: page_of([]),
            "trainingRecords": lambda _info, **_asked: page_of([]),
            "addPersonnel": self._keeping("addPersonnel", personnel=None),
            "changePersonnel": self._keeping("changePersonnel", personnel=None),
        }


def offered(page: str) -> list[tuple[str, str, str]]:
    """Return account, whether it is chosen, and name of each choice."""
    (choice,) = re.findall(r'<select id="f-account".*?</select>', page, re.DOTALL)
    return re.findall(r'<option value="([^"]*)"( selected)?>([^<]*)<', choice)


@pytest.mark.parametrize("handler", [roster.people, roster_person.shown])
async def test_all_logins_of_the_agency_are_offered_by_name(handler: Any) -> None:
    desk = RosterDesk()
    desk.accounts = [account_of(number) for number in range(230)]
    found = offered(await shown(desk, handler, id_="p7"))
    assert found[0] == ("", "", "Nobody yet")
    assert [code for code, _, _ in found[1:]] == [each["accountId"] for each in desk.accounts]
    assert found[230][2] == "Serving 229"


async def test_planted_reading_of_one_page_offers_a_part() -> None:
    desk = RosterDesk(AgencyAccounts=lambda text: text.replace(", after: $after", ""))
    desk.accounts = [account_of(number) for number in range(230)]
    assert "Serving 229" not in await shown(desk, roster.people)


async def test_two_of_one_name_are_told_apart() -> None:
    desk = RosterDesk()
    desk.accounts = [account_of(1, "Kim Lee"), account_of(2, "Kim Lee"), account_of(3)]
    names = [name for _, _, name in offered(await shown(desk, roster.people))]
    assert names == ["Nobody yet", "Kim Lee (00000001)", "Kim Lee (00000002)", "Serving 003"]


@pytest.mark.parametrize("account", ["00000001-account", ""])
async def test_who_is_added_signs_in_as_was_chosen(account: str) -> None:
    desk = RosterDesk()
    assert await shown(desk, roster.people, form=NEW | {"account": account}) == ""
    assert desk.sent["addPersonnel"]["accountId"] == (account or None)


@pytest.mark.parametrize(
    ("handler", "form"), [(roster.people, NEW), (roster_person.shown, ENTRY)], ids=["new", "entry"]
)
async def test_a_login_that_was_not_offered_is_sent_nowhere(handler: Any, form: Row) -> None:
    desk = RosterDesk()
    page = await shown(desk, handler, id_="p7", form=form | {"account": "of-another-agency"})
    assert desk.sent == {}
    assert 'id="e-account">Choose one of the logins' in page


async def test_a_login_that_somebody_else_on_the_roster_has_is_said_beside_it() -> None:
    desk = RosterDesk()
    desk.refusal = {
        "code": "ALREADY_ON_ROSTER", "message": "Somebody has it.", "field": ["input", "accountId"],
    }  # fmt: skip
    form = {"account": "00000001-account"}
    for handler, said in ((roster.people, NEW), (roster_person.shown, ENTRY)):
        page = await shown(desk, handler, id_="p7", form=said | form)
        assert 'id="e-account">Somebody has it.' in page
        assert ("00000001-account", " selected", "Serving 001") in offered(page)


async def test_a_link_is_made_changed_and_taken_away() -> None:
    desk = RosterDesk()
    for before, after in (
        (None, account_of(1)),
        (account_of(1), account_of(2)),
        (account_of(2), None),
    ):
        desk.entry["accountId"] = before["accountId"] if before else None
        form = ENTRY | {"account": after["accountId"] if after else ""}
        assert await shown(desk, roster_person.shown, id_="p7", form=form) == ""
        assert desk.sent["changePersonnel"]["accountId"] == (after["accountId"] if after else None)


async def of_who_serves_no_longer() -> Any:
    """Return which login is kept where a name is mended of who has no role here any more."""
    desk = RosterDesk()
    desk.entry["accountId"] = "99999999-account"
    page = await shown(desk, roster_person.shown, id_="p7")
    (chosen,) = [code for code, is_chosen, _ in offered(page) if is_chosen] or [""]
    form = ENTRY | {"family_name": "Married", "account": chosen}
    assert await shown(desk, roster_person.shown, id_="p7", form=form) == ""
    return desk.sent["changePersonnel"]["accountId"]


async def test_a_link_stays_when_its_holder_has_no_role_here_any_more() -> None:
    assert await of_who_serves_no_longer() == "99999999-account"


async def test_planted_form_without_that_login_takes_the_link_away(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real = roster_person.logins

    async def forgetting(visit: Any, _linked: str = "") -> Any:
        return await real(visit)

    monkeypatch.setattr(roster_person, "logins", forgetting)
    assert await of_who_serves_no_longer() is None


async def test_a_form_that_does_not_speak_of_a_login_leaves_it() -> None:
    desk = RosterDesk()
    desk.entry["accountId"] = "00000001-account"
    assert await shown(desk, roster_person.shown, id_="p7", form=ENTRY) == ""
    assert desk.sent["changePersonnel"]["accountId"] == "00000001-account"


async def test_the_roster_marks_who_serves_and_has_no_login() -> None:
    desk = RosterDesk()
    desk.people = [person_of(number) for number in range(4)]
    desk.people[1]["accountId"] = desk.people[2]["accountId"] = None
    desk.people[2]["isActive"] = False
    page = await shown(desk, roster.people)
    rows = re.findall(r'<a href="/console/training/people/(p\d)">(.*?)</li>', page, re.DOTALL)
    assert [who for who, _ in rows] == ["p0", "p1", "p2", "p3"]
    marked = [who for who, row in rows if NO_LOGIN in row]
    assert marked == ["p1"]


@pytest.mark.parametrize(
    ("account", "is_active", "is_marked"),
    [(None, True, True), (None, False, False), ("00000001-account", True, False)],
)
async def test_the_entry_says_so_too(account: str | None, is_active: bool, is_marked: bool) -> None:
    desk = RosterDesk()
    desk.entry |= {"accountId": account, "isActive": is_active}
    assert (NO_LOGIN in await shown(desk, roster_person.shown, id_="p7")) is is_marked


class Academy(Desk):
    """Answers with batches that were taken over."""

    def root(self) -> dict[str, Any]:
        counts = {"people created": 5, "refused": 2, WITHOUT_LOGIN: 3}
        batch = {
            "id": "b", "batchId": "2026-11", "finishedAt": NOW.isoformat(), "problems": [],
            "counts": [{"what": what, "number": number} for what, number in counts.items()],
        }  # fmt: skip
        return super().root() | {
            "exchangeBatches": lambda _info, **page: page_of([batch], **page),
            "linkedOrganizations": lambda _info, **page: page_of([], **page),
            "importExchange": lambda _info, **_given: {"batch": batch, "userErrors": []},
        }


async def test_an_import_says_how_many_have_no_login_and_counts_them_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    form = {"step": "take", "kept": exchange.packed([{"name": "personnel.csv", "text": "x"}])}
    page = await shown(Academy(), exchange.shown, form=form)
    assert "3 of these people have no login" in page
    assert "5 rows taken" in page
    monkeypatch.setattr(exchange, "NOT_ROWS", ())  # planted: who is named beside is a row as well
    assert "10 rows taken" in await shown(Academy(), exchange.shown, form=form)
