"""Forms of the work group's chair: what they send, who has them, and what is wrong beside a field.

The committed operations run against the packaged supergraph, over a meeting that is held here.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest
from starlette.responses import Response

from gateway.web.console import roles
from gateway.web.console.views import agendas, chairing, conferences
from gateway.web.console.visit import Visit
from tests.gateway.web.console.test_long_training_lists import NOW, Row, Service, page_of, shown

POLICE = {"id": "police", "name": "Cedar Falls Police"}
OFFICE = {"id": "office", "name": "Prosecuting Attorney"}


def attendee_of(id_: str, agency: Row, role: str, account: str = "") -> Row:
    return {
        "id": id_, "accountId": account or f"account-{id_}", "agency": agency, "role": role,
        "pledgedAt": None, "hasAttended": None,
    }  # fmt: skip


class Table(Service):
    """One meeting with one item, as the service gives it; keeps what is sent."""

    def __init__(self, status: str = "IN_SESSION") -> None:
        super().__init__()
        self.sent: dict[str, Row] = {}
        self.searched: list[str] = []
        self.refusal: Row | None = None
        self.found: list[Row] = [{"id": "p1", "name": {"given": "Ada", "family": "Example-Ash"}}]
        self.item: Row = {
            "id": "i1", "topic": "CONCERN", "question": "What would help?", "status": "ADMITTED",
            "version": 2, "participant": self.found[0], "mustStepOut": [], "notes": [],
            "actions": [
                {"id": "a1", "what": "Ask the clinic.", "status": "OPEN", "dueOn": None,
                 "version": 4, "responsibleAgency": POLICE},
            ],
        }  # fmt: skip
        self.meeting: Row = {
            "id": "m1", "startsAt": NOW.isoformat(), "place": "Room 3", "status": status,
            "minutes": None, "pledgeText": "I pledge.", "pledgeVersion": "1", "version": 7,
            "myInvitation": None,
            "attendees": [attendee_of("t1", POLICE, "LEL"), attendee_of("t2", OFFICE, "PRO")],
        }  # fmt: skip
        self.former: list[Row] = []
        self.grants: list[Row] = []

    def root(self) -> dict[str, Any]:
        names = (
            "scheduleMeeting", "moveMeeting", "inviteAttendee", "removeAttendee",
            "recordAttendance", "proposeAgendaItem", "moveAgendaItem", "addConferenceNote",
            "addConferenceAction", "closeConferenceAction",
        )  # fmt: skip
        return super().root() | {
            "owgMeeting": lambda _info, **_asked: self.meeting,
            "owgMeetings": lambda _info, **page: page_of([self.meeting, *self.former], **page),
            "owgAgenda": lambda _info, **_asked: page_of([self.item]),
            "agencies": lambda _info, **page: page_of([POLICE, OFFICE], **page),
            "agencyGrants": lambda _info, **_asked: page_of(self.grants),
            "searchParticipants": self._search,
            **{name: self._keeping(name) for name in names},
        }

    def _search(self, _info: Any, text: str, **_page: Any) -> Row:
        self.searched.append(text)
        return page_of(self.found)

    def _keeping(self, name: str) -> Any:
        def answer(_info: Any, input: Row) -> Row:  # noqa: A002 - the argument's name
            self.sent[name] = input
            errors = [self.refusal] if self.refusal else []
            return {"meeting": self.meeting, "item": self.item, "userErrors": errors}

        return answer


Handler = Callable[[Visit], Awaitable[Response]]


def at(handler: Handler, **named: str) -> Handler:
    """Return a handler that is visited at these parts of its address, in the site's own zone."""

    async def visited(visit: Visit) -> Response:
        visit.request.scope["path_params"].update(named)
        visit.standing = replace(visit.standing, time_zone="America/Los_Angeles")
        return await handler(visit)

    return visited


async def by_chair(table: Table, handler: Handler, form: Row | None = None, **named: str) -> str:
    return await shown(table, at(handler, **named), form=form, role="PM", id_="m1")


async def test_a_meeting_is_scheduled_by_the_clock_of_the_site() -> None:
    table = Table()
    form = {"starts_at": "2027-01-15T09:30", "place": " Room 3 ", "key": "k"}
    await by_chair(table, conferences.schedule, form)
    assert table.sent["scheduleMeeting"] == {
        "startsAt": "2027-01-15T09:30:00-08:00", "place": "Room 3", "idempotencyKey": "k"
    }  # fmt: skip


async def test_a_meeting_without_time_or_place_is_not_sent_and_keeps_what_was_written() -> None:
    table = Table()
    page = await by_chair(table, conferences.schedule, {"starts_at": "soon", "place": ""})
    assert 'id="e-starts_at">Choose a day and a time.' in page
    assert 'id="e-place">Say where.' in page
    page = await by_chair(table, conferences.schedule, {"starts_at": "", "place": "Room 3"})
    assert 'value="Room 3"' in page
    assert table.sent == {}


@pytest.mark.parametrize(
    ("role", "has"),
    [("PM", True), ("CM", False), ("SUP", False), ("LEL", False), ("SVC", False)],
)
async def test_only_the_chair_has_the_chairs_forms(role: str, has: bool) -> None:
    table = Table()
    page = await shown(table, at(conferences.listed), role=role, id_="m1")
    assert ('action="/console/conferences"' in page) is has
    page = await shown(table, at(conferences.shown), role=role, id_="m1")
    for part in ("/move", "/items/i1/actions", "/attendees/t1", "/actions/a1"):
        assert (f'action="/console/conferences/m1{part}"' in page) is has, part
    assert ("/m1/invite" in page) is has


async def test_planted_role_that_gets_the_chairs_forms_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(roles, "CHAIRING", roles.CHAIRING | {"LEL"})
    page = await shown(Table(), at(conferences.shown), role="LEL", id_="m1")
    assert 'action="/console/conferences/m1/move"' in page


async def test_an_agency_closes_what_it_took_upon_itself_and_nothing_else() -> None:
    table = Table()
    page = await shown(table, at(conferences.shown), role="LEL", id_="m1")
    assert "/actions/a1" not in page
    table.item["actions"][0]["responsibleAgency"] = {"id": "agency", "name": "Own"}
    page = await shown(table, at(conferences.shown), role="LEL", id_="m1")
    assert "/actions/a1" in page
    await shown(
        table, at(agendas.close, action="a1"), role="LEL",
        form={"status": "DONE", "version": "4", "key": "k"}, id_="m1",
    )  # fmt: skip
    assert table.sent["closeConferenceAction"] == {
        "actionId": "a1", "status": "DONE", "expectedVersion": 4, "idempotencyKey": "k"
    }  # fmt: skip


async def test_each_form_of_a_meeting_has_a_key_of_its_own() -> None:
    page = await by_chair(Table(), conferences.shown)
    keys = re.findall(r'name="key" value="([0-9a-f]+)"', page)
    assert len(keys) == len(set(keys)) == page.count('action="/console/conferences/m1/')


@pytest.mark.parametrize(
    ("status", "offered"),
    [
        ("SCHEDULED", "AGENDA_OPEN"), ("AGENDA_OPEN", "AGENDA_LOCKED"),
        ("AGENDA_LOCKED", "IN_SESSION"), ("IN_SESSION", "CLOSED"), ("CLOSED", "MINUTES_APPROVED"),
    ],
)  # fmt: skip
async def test_a_meeting_is_brought_on_from_the_version_that_was_shown(
    status: str, offered: str
) -> None:
    table = Table(status)
    page = await by_chair(table, conferences.shown)
    assert re.findall(r'name="status" value="([A-Z_]+)"><?', page).count(offered) >= 1
    assert ('name="minutes"' in page) is (offered in ("CLOSED", "MINUTES_APPROVED"))
    form = {"status": offered, "version": "7", "minutes": "It went well.", "key": "k"}
    await by_chair(table, chairing.move, form)
    minutes = "It went well." if offered in ("CLOSED", "MINUTES_APPROVED") else None
    assert table.sent["moveMeeting"] == {
        "meetingId": "m1", "status": offered, "expectedVersion": 7, "minutes": minutes,
        "idempotencyKey": "k",
    }  # fmt: skip


async def test_minutes_are_not_approved_before_they_are_written() -> None:
    table = Table("CLOSED")
    page = await by_chair(table, chairing.move, {"status": "MINUTES_APPROVED", "version": "7"})
    assert 'id="e-minutes">Write the minutes' in page
    assert table.sent == {}
    table.refusal = {"code": "X", "message": "It has changed.", "field": ["expectedVersion"]}
    form = {"status": "MINUTES_APPROVED", "version": "6", "minutes": "A good hour."}
    page = await by_chair(table, chairing.move, form)
    assert 'id="f-step">It has changed.' in page
    assert "A good hour.</textarea>" in page
    assert 'name="version" value="7"' in page


async def test_who_came_is_recorded_and_before_that_an_invitation_is_taken_back() -> None:
    table = Table()
    for what, came in (("yes", True), ("no", False)):
        form = {"what": what, "version": "7", "key": "k"}
        await by_chair(table, chairing.attend, form, attendee="t1")
        assert table.sent["recordAttendance"] == {
            "meetingId": "m1", "attendeeId": "t1", "hasAttended": came, "expectedVersion": 7,
            "idempotencyKey": "k",
        }  # fmt: skip
    page = await by_chair(table, conferences.shown)
    assert 'value="uninvite"' not in page
    assert page.count('name="version" value="7"') >= len(table.meeting["attendees"])
    early = Table("AGENDA_LOCKED")
    page = await by_chair(early, conferences.shown)
    assert 'value="uninvite"' in page
    assert 'value="yes"' not in page
    form = {"what": "uninvite", "version": "7", "key": "k"}
    await by_chair(early, chairing.attend, form, attendee="t2")
    assert early.sent == {
        "removeAttendee": {
            "meetingId": "m1", "attendeeId": "t2", "expectedVersion": 7, "idempotencyKey": "k",
        }
    }  # fmt: skip
    early.refusal = {"code": "X", "message": "It has changed.", "field": ["expectedVersion"]}
    page = await by_chair(early, chairing.attend, {**form, "version": "6"}, attendee="t2")
    assert 'id="f-attendee-t2">It has changed.' in page
    page = await by_chair(early, chairing.attend, {"what": "maybe"}, attendee="t2")
    assert 'id="f-attendee-t2">Choose one' in page


def grant_of(account: str, name: str, role: str, status: str = "ACTIVE") -> Row:
    return {
        "id": f"g-{account}-{role}", "role": role, "status": status,
        "account": {"id": account, "name": name},
    }  # fmt: skip


async def test_who_can_be_invited_is_named_as_far_as_the_chair_may_know() -> None:
    table = Table("AGENDA_OPEN")
    table.grants = [
        grant_of("ann", "Ann Own", "PM"), grant_of("gone", "Gone Own", "PM", "REVOKED"),
        grant_of("tess", "Tess Own", "TRM"),
    ]  # fmt: skip
    table.former = [
        {"id": "m0", "attendees": [
            attendee_of("x1", POLICE, "LEL", "account-0001"),
            attendee_of("x2", POLICE, "LEL", "account-0002"),
            attendee_of("x3", OFFICE, "PRO", "account-t2"),
            attendee_of("x4", {"id": "agency", "name": "Own"}, "PM", "ann"),
        ]},
    ]  # fmt: skip
    page = await by_chair(table, chairing.invite)
    found = re.findall(r'<option value="([^"]*:[^"]*)">([^<]*)<', page)
    assert found == [
        ("ann:PM:agency", "Ann Own, Project manager"),
        ("account-0001:LEL:police",
         "Cedar Falls Police, Law-enforcement supervisor (account …0001)"),
        ("account-0002:LEL:police",
         "Cedar Falls Police, Law-enforcement supervisor (account …0002)"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "form",
    [
        {"who": "account-9:LEL:police"},
        {"account": "account-9", "role": "LEL", "agency": "police"},
    ],
)
async def test_somebody_is_invited_from_the_list_or_by_account(form: Row) -> None:
    table = Table("AGENDA_OPEN")
    await by_chair(table, chairing.invite, {**form, "key": "k"})
    assert table.sent["inviteAttendee"] == {
        "meetingId": "m1", "accountId": "account-9", "role": "LEL", "agencyId": "police",
        "idempotencyKey": "k",
    }  # fmt: skip


async def test_an_invitation_that_says_too_little_is_not_sent() -> None:
    table = Table("AGENDA_OPEN")
    page = await by_chair(table, chairing.invite, {"key": "k"})
    assert 'id="e-who">Choose somebody' in page
    page = await by_chair(table, chairing.invite, {"account": "account-9", "key": "k"})
    assert 'id="e-agency">Choose the agency' in page
    assert 'id="e-role">Choose the role' in page
    assert 'value="account-9"' in page
    assert "Choose somebody" in await by_chair(table, chairing.invite, {"who": "ann"})
    assert table.sent == {}
    table.refusal = {"code": "X", "message": "Invited already.", "field": ["accountId"]}
    page = await by_chair(table, chairing.invite, {"who": "ann:PM:agency"})
    assert 'id="e-who">Invited already.' in page


async def test_nobodys_name_is_read_before_it_was_asked_for() -> None:
    table = Table("AGENDA_OPEN")
    page = await by_chair(table, conferences.shown)
    assert 'name="person"' not in page
    assert table.searched == []
    page = await shown(table, at(conferences.shown), query="q=ash", role="PM", id_="m1")
    assert table.searched == ["ash"]
    assert '<option value="p1">Ada Example-Ash</option>' in page
    assert 'action="/console/conferences/m1/items?q=ash"' in page


async def test_planted_search_without_a_question_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    table = Table("AGENDA_OPEN")
    monkeypatch.setattr(conferences, "LEAST_ASKED", 0)
    page = await by_chair(table, conferences.shown)
    assert table.searched == [""]
    assert "Ada Example-Ash</option>" in page


@pytest.mark.parametrize(
    ("status", "role"), [("AGENDA_LOCKED", "PM"), ("IN_SESSION", "PM"), ("AGENDA_OPEN", "LEL")]
)
async def test_nobody_is_searched_where_nobody_can_be_proposed(status: str, role: str) -> None:
    table = Table(status)
    page = await shown(table, at(conferences.shown), query="q=ash", role=role, id_="m1")
    assert table.searched == []
    assert "Propose" not in page


async def test_somebody_is_proposed_with_what_the_group_is_asked() -> None:
    table = Table("AGENDA_OPEN")
    form = {"person": "p1", "topic": "CONCERN", "question": "What would help?", "key": "k"}
    await by_chair(table, agendas.propose, form)
    assert table.sent["proposeAgendaItem"] == {
        "meetingId": "m1", "participantId": "p1", "topic": "CONCERN",
        "question": "What would help?", "idempotencyKey": "k",
    }  # fmt: skip
    table.sent.clear()
    page = await shown(
        table, at(agendas.propose), query="q=ash", role="PM", form={"person": "p1"}, id_="m1"
    )
    assert 'id="e-topic">Choose why.' in page
    assert 'id="e-question">Write what the group is asked.' in page
    assert '<option value="p1" selected>' in page
    assert table.sent == {}


async def test_an_item_is_moved_from_the_version_that_was_shown() -> None:
    table = Table()
    form = {"status": "DISCUSSED", "version": "2", "key": "k"}
    await by_chair(table, agendas.move, form, item="i1")
    assert table.sent["moveAgendaItem"] == {
        "itemId": "i1", "status": "DISCUSSED", "expectedVersion": 2, "idempotencyKey": "k"
    }  # fmt: skip
    table.refusal = {"code": "X", "message": "It has changed.", "field": ["expectedVersion"]}
    page = await by_chair(table, agendas.move, form, item="i1")
    assert 'id="f-item-i1">It has changed.' in page
    page = await by_chair(table, agendas.move, {"status": "LOST"}, item="i1")
    assert 'id="f-item-i1">Choose' in page


async def test_a_note_and_an_action_are_sent_as_written() -> None:
    table = Table()
    await by_chair(table, agendas.note, {"body": "x" * 1500, "key": "k"}, item="i1")
    assert table.sent["addConferenceNote"] == {
        "itemId": "i1",
        "body": "x" * 1500,
        "idempotencyKey": "k",
    }  # the service says what is too long; nothing is cut
    form = {"what": "Call.", "agency": "police", "due_on": "2027-02-01", "key": "k"}
    await by_chair(table, agendas.act, form, item="i1")
    assert table.sent["addConferenceAction"] == {
        "itemId": "i1", "what": "Call.", "responsibleAgencyId": "police", "dueOn": "2027-02-01",
        "idempotencyKey": "k",
    }  # fmt: skip


async def test_a_note_or_an_action_with_something_missing_says_so_beside_it() -> None:
    table = Table()
    page = await by_chair(table, agendas.note, {"body": " "}, item="i1")
    assert 'id="e-note-i1">Write what was said.' in page
    form = {"what": "Call.", "due_on": "tomorrow"}
    page = await by_chair(table, agendas.act, form, item="i1")
    assert 'id="e-agency-i1">Choose who does it.' in page
    assert 'id="e-due_on-i1">Write a day' in page
    assert "Call.</textarea>" in page
    assert table.sent == {}
    table.refusal = {"code": "X", "message": "Not at the meeting.", "field": ["dueOn"]}
    page = await by_chair(table, agendas.act, {"what": "Call.", "agency": "x"}, item="i1")
    assert 'id="e-due_on-i1">Not at the meeting.' in page


@pytest.mark.parametrize(("role", "reads"), [("PM", True), ("DEF", True), ("LEL", False)])
async def test_notes_are_asked_for_only_by_roles_that_read_them(role: str, reads: bool) -> None:
    table = Table()
    note = {"id": "n1", "body": "Nearer is better.", "agencyId": "police"}
    table.item["notes"] = [{**note, "writtenAt": NOW.isoformat()}]
    page = await shown(table, at(conferences.shown), role=role, id_="m1")
    assert ("Nearer is better." in page) is reads
    assert ("/items/i1/notes" in page) is reads


async def test_what_a_meeting_that_is_over_offers() -> None:
    table = Table("MINUTES_APPROVED")
    table.meeting["minutes"] = "A good hour."
    page = await by_chair(table, conferences.shown)
    assert "A good hour." in page
    for part in ("/move", "/attendees/", "/invite", "/notes", "/items/i1/actions"):
        assert part not in page
    assert 'value="REMOVED_CONSENT"' in page  # somebody's wish to be left out is heard at any time
    assert "/actions/a1" in page


async def test_the_site_s_own_wording_is_read_line_by_line_before_it_is_signed() -> None:
    table = Table()
    words = {"pledgeText": "It stays here.\n\nI <write> none of it.", "pledgeVersion": "OWN@2"}
    table.meeting |= {**words, "myInvitation": attendee_of("t1", POLICE, "LEL")}
    page = await shown(table, at(conferences.shown), role="LEL", id_="m1")
    assert "<p>It stays here.</p>" in page
    assert "<p>I &lt;write&gt; none of it.</p>" in page
    assert 'name="version" value="OWN@2"' in page
