"""How the pledge is worded: each site's own, published by its chair, and kept as it was signed."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from sqlalchemy import Select, select

from infra.database import AnySession, WriteSession
from infra.identity_token import Caller
from infra.request_context import RequestContext
from infra.vocabulary import Role
from svc_cases.conferences import repository
from svc_cases.conferences.commands import pledges as commands
from svc_cases.conferences.rules import (
    CHAIRS,
    FIRST_WORDING,
    MAX_PLEDGE,
    Wording,
    reads_as_shown,
    version_of,
)
from svc_cases.conferences.schema import attendees as attendees_schema
from svc_cases.conferences.schema import meetings as meetings_schema
from svc_cases.conferences.schema import pledges as schema
from svc_cases.conferences.tables import PledgeWording
from tests.fixtures.conferences import (
    STARTS_AT,
    care,
    chair,
    codes,
    counsel,
    liaison,
    pledge,
    police,
    run,
)
from tests.fixtures.service_app import ServiceApp, new_key

READ = """query($id: ID!) { owgMeeting(id: $id) {
  pledgeText pledgeVersion myInvitation { pledgedAt pledgeVersion pledgeText }
  attendees { id accountId pledgedAt pledgeVersion pledgeText } } }"""
WORDINGS = """query($first: Int!, $after: String) { pledgeWordings(first: $first, after: $after) {
  totalCount pageInfo { hasNextPage endCursor }
  edges { node { number version text publishedAt publishedBy } } } }"""
OURS = "What is said here stays here."
NEWER = "What is said here stays here.\nAnd I write none of it down."


def new_site() -> str:
    """Return a site of one's own, so that no other test reads what is published."""
    return str(uuid4())


def at(site: str, asking: Caller) -> Caller:
    """Return somebody as acting at a site."""
    return replace(asking, site_id=site)


async def publish(
    service: ServiceApp, site: str, text: str, expected: int, asking: Caller | None = None
) -> dict[str, Any]:
    """Publish a wording at a site, as its chair unless somebody else is named."""
    given = {"text": text, "expectedVersion": expected}
    return await run(service, at(site, asking or chair()), "publishPledge", **given)


async def published(service: ServiceApp, site: str, *texts: str) -> None:
    """Publish wordings one after another at a site that has none."""
    for number, text in enumerate(texts):
        assert codes(await publish(service, site, text, number)) == []


async def meeting_at(service: ServiceApp, site: str, *attending: Caller) -> str:
    """Schedule a meeting of a site and invite people to it."""
    running = at(site, chair())
    made = await run(
        service, running, "scheduleMeeting", startsAt=STARTS_AT.isoformat(), place="Room 3"
    )
    meeting_id: str = made["meeting"]["id"]
    for each in attending:
        await invite(service, site, meeting_id, each)
    return meeting_id


async def invite(service: ServiceApp, site: str, meeting_id: str, who: Caller) -> None:
    """Invite somebody to a meeting."""
    given = {"accountId": who.subject, "agencyId": who.agency_id, "role": who.role}
    invited = await run(service, at(site, chair()), "inviteAttendee", meetingId=meeting_id, **given)
    assert codes(invited) == [], invited


async def read(service: ServiceApp, asking: Caller, meeting_id: str) -> dict[str, Any]:
    """Return what a meeting shows somebody of its pledge."""
    found: dict[str, Any] = (await service.graphql(asking, READ, {"id": meeting_id})).data[
        "owgMeeting"
    ]
    return found


async def listed(service: ServiceApp, asking: Caller) -> list[dict[str, Any]] | None:
    """Return the wordings that somebody reads, read to the last page; None for no list."""
    rows: list[dict[str, Any]] = []
    after = None
    while True:
        answer = await service.graphql(asking, WORDINGS, {"first": 2, "after": after})
        page = answer.data["pledgeWordings"]
        if page is None:
            return None
        rows += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return rows
        after = page["pageInfo"]["endCursor"]


async def texts(service: ServiceApp, asking: Caller) -> list[str]:
    """Return the texts that somebody reads."""
    return [each["text"] for each in await listed(service, asking) or ()]


async def test_a_site_without_a_wording_of_its_own_has_the_platform_s(cases: ServiceApp) -> None:
    site = new_site()
    meeting_id = await meeting_at(cases, site, police())
    shown = await read(cases, at(site, police()), meeting_id)
    assert (shown["pledgeText"], shown["pledgeVersion"]) == (
        FIRST_WORDING.text,
        "OWG-PLEDGE@2026-01",
    )
    assert shown["myInvitation"] == {"pledgedAt": None, "pledgeVersion": None, "pledgeText": None}
    assert await listed(cases, at(site, chair())) == [
        {
            "number": 0, "version": FIRST_WORDING.version, "text": FIRST_WORDING.text,
            "publishedAt": None, "publishedBy": None,
        }
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 3, 4])
async def test_pages_lead_to_what_every_site_begins_with(cases: ServiceApp, count: int) -> None:
    site = new_site()
    own = [f"Wording {number}." for number in range(count)]
    await published(cases, site, *own)
    assert await texts(cases, at(site, chair())) == [*reversed(own), FIRST_WORDING.text]
    whole = await cases.graphql(at(site, chair()), WORDINGS, {"first": 100})
    assert whole.data["pledgeWordings"]["totalCount"] == count + 1
    end = {"first": 2, "after": whole.data["pledgeWordings"]["pageInfo"]["endCursor"]}
    beyond = (await cases.graphql(at(site, chair()), WORDINGS, end)).data["pledgeWordings"]
    assert (beyond["edges"], beyond["pageInfo"]["hasNextPage"]) == ([], False)


async def test_what_is_published_is_what_is_signed_from_then_on(cases: ServiceApp) -> None:
    site = new_site()
    meeting_id = await meeting_at(cases, site, police())
    made = await publish(cases, site, f"  {OURS}\r\nAll of it. ", 0)
    assert codes(made) == []
    wording = made["wording"]
    assert (wording["number"], wording["text"]) == (1, f"{OURS}\nAll of it.")
    assert wording["publishedBy"] == chair().subject
    assert wording["publishedAt"]
    officer = at(site, police())
    shown = await read(cases, officer, meeting_id)
    assert (shown["pledgeText"], shown["pledgeVersion"]) == (wording["text"], wording["version"])
    assert codes(await pledge(cases, officer, meeting_id)) == ["PLEDGE_OUTDATED"]
    assert codes(await pledge(cases, officer, meeting_id, "OWG-PLEDGE@2")) == ["PLEDGE_OUTDATED"]
    assert codes(await pledge(cases, officer, meeting_id, wording["version"])) == []
    mine = (await read(cases, officer, meeting_id))["myInvitation"]
    assert mine["pledgedAt"]
    assert (mine["pledgeVersion"], mine["pledgeText"]) == (wording["version"], wording["text"])


async def signed_wording_holds(service: ServiceApp) -> None:
    """Who has pledged for a meeting has pledged those words; the next meeting asks for the new."""
    site = new_site()
    officer, prosecutor = at(site, police()), at(site, liaison())
    held = await meeting_at(service, site, police(), liaison())
    assert codes(await pledge(service, officer, held)) == []
    before = (await read(service, officer, held))["myInvitation"]
    await published(service, site, OURS, NEWER)
    now = await read(service, officer, held)
    assert now["myInvitation"] == before
    assert before["pledgeText"] == FIRST_WORDING.text
    assert now["pledgeText"] == NEWER  # what who has not signed yet is asked for
    assert codes(await pledge(service, prosecutor, held)) == ["PLEDGE_OUTDATED"]
    assert codes(await pledge(service, prosecutor, held, version_of(2))) == []
    by_account = {
        each["accountId"]: (each["pledgeVersion"], each["pledgeText"])
        for each in (await read(service, at(site, chair()), held))["attendees"]
    }
    assert by_account == {
        police().subject: (FIRST_WORDING.version, FIRST_WORDING.text),
        liaison().subject: (version_of(2), NEWER),
    }
    following = await meeting_at(service, site, police())
    assert codes(await pledge(service, officer, following)) == ["PLEDGE_OUTDATED"]
    assert codes(await pledge(service, officer, following, version_of(2))) == []


async def test_what_was_signed_holds_for_its_meeting(cases: ServiceApp) -> None:
    await signed_wording_holds(cases)


async def test_planted_newest_words_in_the_place_of_the_signed_ones_are_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = schema.wordings_at

    async def newest_everywhere(context: RequestContext, site_id: UUID) -> list[Wording]:
        found = await whole(context, site_id)
        return [replace(each, text=found[0].text) for each in found]

    monkeypatch.setattr(attendees_schema, "wordings_at", newest_everywhere)
    with pytest.raises(AssertionError):
        await signed_wording_holds(cases)


async def test_who_is_invited_anew_signs_anew(cases: ServiceApp) -> None:
    site = new_site()
    officer = at(site, police())
    meeting_id = await meeting_at(cases, site, police())
    assert codes(await pledge(cases, officer, meeting_id)) == []
    await published(cases, site, OURS)
    (attendee,) = (await read(cases, officer, meeting_id))["attendees"]
    running = at(site, chair())
    version = "query($id: ID!) { owgMeeting(id: $id) { version } }"
    now = (await cases.graphql(running, version, {"id": meeting_id})).data["owgMeeting"]["version"]
    gone = {"meetingId": meeting_id, "attendeeId": attendee["id"], "expectedVersion": now}
    assert codes(await run(cases, running, "removeAttendee", **gone)) == []
    await invite(cases, site, meeting_id, police())
    assert (await read(cases, officer, meeting_id))["myInvitation"]["pledgedAt"] is None
    assert codes(await pledge(cases, officer, meeting_id)) == ["PLEDGE_OUTDATED"]
    assert codes(await pledge(cases, officer, meeting_id, version_of(1))) == []


async def unread_wording_is_not_replaced(service: ServiceApp) -> None:
    """From another number nothing is published; of two at the same time one counts."""
    site = new_site()
    both = await asyncio.gather(publish(service, site, OURS, 0), publish(service, site, NEWER, 0))
    assert sorted(codes(each) for each in both) == [[], ["VERSION_CONFLICT"]]
    for stale in (0, 2, -1):
        assert codes(await publish(service, site, "Other words.", stale)) == ["VERSION_CONFLICT"]
    rows = await listed(service, at(site, chair()))
    assert [each["number"] for each in rows or ()] == [1, 0]


async def test_two_cannot_publish_over_each_other(cases: ServiceApp) -> None:
    await unread_wording_is_not_replaced(cases)


async def test_planted_publishing_that_does_not_look_at_the_number_is_caught(
    cases: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    guarded = commands.publish

    async def unguarded(
        session: WriteSession, asking: Caller, *, text: str, expected_version: int
    ) -> UUID:
        del expected_version
        await repository.lock_wordings(session, UUID(asking.site_id))
        newest = await repository.wording_of_site(session, UUID(asking.site_id))
        return await guarded(session, asking, text=text, expected_version=newest.number)

    monkeypatch.setattr(commands, "publish", unguarded)
    with pytest.raises(AssertionError):
        await unread_wording_is_not_replaced(cases)


async def test_the_same_key_publishes_once(cases: ServiceApp) -> None:
    site, key = new_site(), new_key()
    given = {"text": OURS, "expectedVersion": 0, "idempotencyKey": key}
    once = await run(cases, at(site, chair()), "publishPledge", **given)
    assert codes(once) == []
    assert await run(cases, at(site, chair()), "publishPledge", **given) == once
    assert len(await listed(cases, at(site, chair())) or ()) == 2


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "TEXT_LENGTH"),
        (" \n\t ", "TEXT_LENGTH"),
        ("x" * (MAX_PLEDGE + 1), "TEXT_LENGTH"),
        ("I pledge\x07 this.", "CHARACTER_NOT_ALLOWED"),
        ("I pledge\tthis.", "CHARACTER_NOT_ALLOWED"),
        ("I pledge \u202esiht.", "CHARACTER_NOT_ALLOWED"),
        ("I\u200b pledge.", "CHARACTER_NOT_ALLOWED"),
        ("I pledge\x00.", "CHARACTER_NOT_ALLOWED"),
    ],
)
async def test_a_wording_is_words_and_all_of_it_is_seen(
    cases: ServiceApp, text: str, code: str
) -> None:
    site = new_site()
    refused = await publish(cases, site, text, 0)
    assert codes(refused) == [code]
    assert refused["wording"] is None
    assert await texts(cases, at(site, chair())) == [FIRST_WORDING.text]


@pytest.mark.parametrize(
    "text",
    [
        "Guardo para mí lo que oigo.",
        "Erste Zeile.\nZweite Zeile.",
        "\u0645\u06cc\u200c\u062f\u0627\u0646\u0645",
        "x" * 3,
    ],
)
def test_other_languages_are_words(text: str) -> None:
    assert reads_as_shown(text)


async def site_keeps_to_itself(service: ServiceApp) -> None:
    """Another site's chair publishes and reads there, and neither here."""
    ours, theirs = new_site(), new_site()
    meeting_id = await meeting_at(service, ours, police())
    await published(service, ours, OURS)
    assert codes(await publish(service, theirs, "Their words.", 0)) == []
    assert codes(await publish(service, theirs, "Their second words.", 1)) == []
    assert await texts(service, at(theirs, chair())) == [
        "Their second words.", "Their words.", FIRST_WORDING.text
    ]  # fmt: skip
    assert await texts(service, at(ours, chair())) == [OURS, FIRST_WORDING.text]
    shown = await read(service, at(ours, police()), meeting_id)
    assert shown["pledgeText"] == OURS
    signed = await pledge(service, at(ours, police()), meeting_id, version_of(1))
    assert codes(signed) == [], signed


async def test_another_site_s_chair_neither_reads_nor_publishes_here(cases: ServiceApp) -> None:
    await site_keeps_to_itself(cases)


def _read_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    def everywhere(_asking: Caller) -> Select[PledgeWording]:
        return select(PledgeWording)

    monkeypatch.setattr(repository, "_wordings", everywhere)


async def _newest_anywhere(session: AnySession) -> Wording:
    newest = select(PledgeWording).order_by(PledgeWording.published_at.desc()).limit(1)
    return repository._wording((await session.scalars(newest)).one())


def _signed_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    of_site = repository.wording_of_site

    async def anywhere(session: AnySession, site_id: UUID) -> Wording:
        own = await of_site(session, site_id)
        return own if own.number == 0 else await _newest_anywhere(session)

    monkeypatch.setattr(repository, "wording_of_site", anywhere)


def _shown_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    async def anywhere(context: RequestContext, _site_id: UUID) -> list[Wording]:
        async with context.reading() as session:
            return [await _newest_anywhere(session)]

    monkeypatch.setattr(meetings_schema, "wordings_at", anywhere)


def _published_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    sites: list[UUID] = []

    def first_site(text: object) -> UUID:
        sites.append(UUID(str(text)))
        return sites[0]

    monkeypatch.setattr(commands, "parse_id", first_site)


@pytest.mark.parametrize(
    "plant", [_read_everywhere, _signed_everywhere, _shown_everywhere, _published_everywhere]
)
async def test_planted_wording_that_leaves_its_site_is_caught(
    cases: ServiceApp,
    monkeypatch: pytest.MonkeyPatch,
    plant: Callable[[pytest.MonkeyPatch], None],
) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        await site_keeps_to_itself(cases)


async def only_the_chair_publishes(service: ServiceApp) -> None:
    """Who prepares or attends a meeting neither publishes a wording nor reads the list of them."""
    site = new_site()
    supervisor = replace(care(), role=Role.SUP)
    for asking in (care(), supervisor, police(), liaison(), counsel()):
        refused = await publish(service, site, OURS, 0, asking)
        assert codes(refused) == ["NOT_ALLOWED"], asking.role
        assert refused["wording"] is None
        assert await listed(service, at(site, asking)) is None, asking.role
    assert await texts(service, at(site, chair())) == [FIRST_WORDING.text]


async def test_a_case_manager_and_a_partner_cannot_publish(cases: ServiceApp) -> None:
    await only_the_chair_publishes(cases)


def _let_publish(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commands, "require_chair", lambda _asking: None)


def _let_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schema, "CHAIRS", CHAIRS | {Role.CM})


@pytest.mark.parametrize("plant", [_let_publish, _let_read])
async def test_planted_case_manager_who_publishes_or_reads_is_caught(
    cases: ServiceApp,
    monkeypatch: pytest.MonkeyPatch,
    plant: Callable[[pytest.MonkeyPatch], None],
) -> None:
    plant(monkeypatch)
    with pytest.raises(AssertionError):
        await only_the_chair_publishes(cases)


async def test_without_a_site_nothing_is_published(cases: ServiceApp) -> None:
    assert codes(await publish(cases, "", OURS, 0)) == ["NOT_ALLOWED"]


async def is_refused(connection: Any, statement: str, *given: object) -> bool:
    """Say whether the database refuses a change of what was published; takes it back."""
    change = connection.transaction()
    await change.start()
    try:
        await connection.execute(statement, *given)
    except asyncpg.RaiseError as error:
        return "append-only" in str(error)
    finally:
        await change.rollback()
    return False


CHANGES = (
    "update pledge_wording set text = 'Other words.' where site_id = $1",
    "delete from pledge_wording where site_id = $1",
)


@pytest.mark.parametrize("change", CHANGES)
async def test_what_was_published_is_neither_edited_nor_deleted(
    cases: ServiceApp, change: str
) -> None:
    site = new_site()
    await published(cases, site, OURS)
    addresses = (cases.settings.database_dsn.reveal(), cases.owner_dsn)
    for address in addresses:
        connection = await asyncpg.connect(address)
        try:
            assert await is_refused(connection, change, UUID(site))
        finally:
            await connection.close()
    assert await texts(cases, at(site, chair())) == [OURS, FIRST_WORDING.text]


async def test_without_its_trigger_a_wording_could_be_edited(cases: ServiceApp) -> None:
    """The planted twin: the same look tells a table without the trigger apart."""
    site = new_site()
    await published(cases, site, OURS)
    connection = await asyncpg.connect(cases.owner_dsn)
    trigger: Callable[[str], Awaitable[Any]] = connection.execute
    await trigger("alter table pledge_wording disable trigger pledge_wording_append_only")
    try:
        assert not await is_refused(connection, CHANGES[0], UUID(site))
    finally:
        await trigger("alter table pledge_wording enable trigger pledge_wording_append_only")
        await connection.close()
