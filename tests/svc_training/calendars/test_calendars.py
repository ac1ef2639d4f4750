"""A personal calendar's address: whose it is, what it shows, and when it is good no more.

Each test makes people, courses' sessions and assignments of its own.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from sqlalchemy import select, text, update

from infra import clock
from infra.calendar_address import PATH, SECRET_BYTES, digest, is_secret, new_secret
from infra.database import ReadSession, WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Category, Role
from svc_training.assignments.tables import Assignment
from svc_training.calendars import commands, repository
from svc_training.calendars.tables import CalendarSubscription
from svc_training.personnel.tables import Personnel
from svc_training.sessions.tables import Session
from tests.fixtures.service_app import ServiceApp, caller, new_key
from tests.fixtures.training_service import POLICE, training_manager
from tests.svc_training.assignments.test_assigning import assign, change, codes, outcomes
from tests.svc_training.sessions.test_planning import plan

SUBSCRIBE = """mutation ($input: SubscribeToCalendarInput!) { subscribeToCalendar(input: $input) {
  path calendar { maySubscribe subscribedAt } userErrors { code } } }"""
END = """mutation ($input: EndCalendarInput!) { endCalendar(input: $input) {
  calendar { subscribedAt } userErrors { code } } }"""
MINE = "{ myTrainingCalendar { maySubscribe subscribedAt } }"
SECRET_NAME = "Quillfeather-Zzyzx"


@dataclass(frozen=True)
class Somebody:
    """A person of the roster with a login of their own."""

    personnel_id: str
    asking: Caller

    @property
    def account_id(self) -> str:
        return self.asking.subject


async def somebody(training: ServiceApp, *, has_entry: bool = True) -> Somebody:
    personnel_id, account_id, now = uuid4(), str(uuid4()), clock.now()
    asking = caller(Role.LEO, {Category.TRAINING: "s"}, subject=account_id, agency_id=POLICE)
    if has_entry:
        async with training.chassis.database.write() as session:
            session.add(
                Personnel(
                    id=personnel_id, agency_id=POLICE, external_id=None, account_id=account_id,
                    given_name=SECRET_NAME, family_name=SECRET_NAME, email=None,
                    appointment_type="PEACE_OFFICER", is_certified=True, hired_on=None,
                    academy_on=None, version=1, created_at=now, updated_at=now,
                )
            )  # fmt: skip
    return Somebody(str(personnel_id), asking)


async def planned(training: ServiceApp, *people: Somebody) -> str:
    """Plan a session and assign people to it; returns its number."""
    number = f"8020-{uuid4().int % 900 + 100}"
    made = await plan(training, number=number, title=f"With {SECRET_NAME}", place=SECRET_NAME)
    if codes(made) == ["ALREADY_THERE"]:
        return await planned(training, *people)
    assert codes(made) == []
    if people:
        ids = [each.personnel_id for each in people]
        assert outcomes(await assign(training, number, personnelIds=ids)) == ["ASSIGNED"] * len(ids)
    return number


async def send(training: ServiceApp, asking: Caller, mutation: str, key: str = "") -> Any:
    given = {"input": {"idempotencyKey": key or new_key()}}
    (payload,) = (await training.graphql(asking, mutation, given)).data.values()
    return payload


async def subscribed(training: ServiceApp, who: Somebody) -> str:
    """Make an address; returns its secret."""
    payload = await send(training, who.asking, SUBSCRIBE)
    assert codes(payload) == []
    assert payload["calendar"]["subscribedAt"]
    return secret_in(payload["path"])


def secret_in(path: str) -> str:
    start, _, name = path.rpartition("/")
    assert start == "/training/calendar"
    assert name.endswith(".ics")
    return name.removesuffix(".ics")


async def told(training: ServiceApp, secret: str) -> tuple[int, Any]:
    """Ask as the gateway does."""
    token = training._gateway.for_service("training")
    answer = await training.http.post(
        PATH,
        content=orjson.dumps({"digest": digest(secret)}),
        headers={"authorization": f"Bearer {token}"},
    )
    return answer.status_code, orjson.loads(answer.content)


async def numbers(training: ServiceApp, secret: str) -> list[str]:
    status, body = await told(training, secret)
    assert status == 200
    return [each["number"] for each in body["sessions"]]


async def shows_the_own_sessions_and_no_other(training: ServiceApp) -> None:
    one, other = await somebody(training), await somebody(training)
    own, both = await planned(training, one), await planned(training, one, other)
    theirs, _nobodys = await planned(training, other), await planned(training)
    secret = await subscribed(training, one)
    assert set(await numbers(training, secret)) == {own, both}
    assert set(await numbers(training, await subscribed(training, other))) == {both, theirs}
    assert set(await numbers(training, secret)) == {own, both}


async def test_an_address_shows_the_own_sessions_and_no_other(training: ServiceApp) -> None:
    await shows_the_own_sessions_and_no_other(training)


async def test_planted_reading_of_the_whole_roster_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = repository.own_assignments

    async def everybodys(
        session: ReadSession, _account: str, agency: str, since: datetime
    ) -> Sequence[Assignment]:
        accounts = await session.scalars(
            select(Personnel.account_id).where(
                Personnel.agency_id == agency, Personnel.account_id.is_not(None)
            )
        )
        return [
            row for account in accounts for row in await real(session, str(account), agency, since)
        ]

    monkeypatch.setattr(repository, "own_assignments", everybodys)
    with pytest.raises(AssertionError):
        await shows_the_own_sessions_and_no_other(training)


async def somebody_elses_secret_is_not_ours(training: ServiceApp) -> None:
    one, other = await somebody(training), await somebody(training)
    own, theirs = await planned(training, one), await planned(training, other)
    secrets = [await subscribed(training, each) for each in (one, other)]
    assert [await numbers(training, each) for each in secrets] == [[own], [theirs]]
    assert (await told(training, new_secret()))[0] == 404


async def test_somebody_elses_secret_shows_theirs(training: ServiceApp) -> None:
    await somebody_elses_secret_is_not_ours(training)


async def test_planted_look_up_that_takes_any_secret_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def first(session: ReadSession, _digest: str) -> CalendarSubscription | None:
        return await session.scalar(
            select(CalendarSubscription)
            .where(CalendarSubscription.ended_at.is_(None))
            .order_by(CalendarSubscription.made_at.desc())
            .limit(1)
        )

    monkeypatch.setattr(repository, "live", first)
    with pytest.raises(AssertionError):
        await somebody_elses_secret_is_not_ours(training)


async def ended_secrets_show_nothing(training: ServiceApp) -> None:
    who = await somebody(training)
    await planned(training, who)
    first = await subscribed(training, who)
    second = await subscribed(training, who)
    assert (await told(training, first))[0] == 404
    assert (await told(training, second))[0] == 200
    assert (await send(training, who.asking, END))["calendar"] == {"subscribedAt": None}
    assert (await told(training, second)) == (await told(training, new_secret()))
    assert codes(await send(training, who.asking, END)) == []  # that there is none is no mistake


async def test_a_replaced_and_an_ended_address_show_nothing(training: ServiceApp) -> None:
    await ended_secrets_show_nothing(training)


async def test_planted_look_up_that_forgets_the_end_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def any_of_them(session: ReadSession, asked: str) -> CalendarSubscription | None:
        return await session.scalar(
            select(CalendarSubscription).where(CalendarSubscription.secret_hash == asked)
        )

    monkeypatch.setattr(repository, "live", any_of_them)
    with pytest.raises(AssertionError):
        await ended_secrets_show_nothing(training)


async def no_table_holds_the_secret(training: ServiceApp) -> None:
    who = await somebody(training)
    secret = await subscribed(training, who)
    async with training.chassis.database.read() as session:
        kept = (
            await session.scalars(
                text(
                    "select to_jsonb(t)::text from calendar_subscription t"
                    " where account_id = :who union all"
                    " select to_jsonb(t)::text from idempotent_request t where subject = :who"
                ),
                {"who": who.account_id},
            )
        ).all()
    assert len(kept) == 2
    assert all(digest(secret) in each for each in kept)
    assert not any(secret in each for each in kept)


async def test_only_a_hash_is_stored(training: ServiceApp) -> None:
    assert SECRET_BYTES * 8 >= 128
    assert is_secret(new_secret())
    await no_table_holds_the_secret(training)


async def test_planted_result_that_holds_the_secret_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = commands.subscribe

    async def keeps(session: WriteSession, asking: Caller, secret: str) -> dict[str, Any]:
        return {**await real(session, asking, secret), "secret": secret}

    monkeypatch.setattr(commands, "subscribe", keeps)
    with pytest.raises(AssertionError):
        await no_table_holds_the_secret(training)


async def test_the_same_key_again_makes_no_other_address_and_says_none(
    training: ServiceApp,
) -> None:
    who, key = await somebody(training), new_key()
    first = await send(training, who.asking, SUBSCRIBE, key)
    again = await send(training, who.asking, SUBSCRIBE, key)
    assert again["path"] is None
    assert again["calendar"] == first["calendar"]
    assert (await told(training, secret_in(first["path"])))[0] == 200


async def has_left(training: ServiceApp, who: Somebody, how: str) -> None:
    assert training.consent is not None
    if how == "blocked":
        training.consent.strangers.add((who.account_id, POLICE))
        return
    ways: dict[str, dict[str, Any]] = {
        "inactive": {"is_active": False},
        "unlinked": {"account_id": None},
    }
    async with training.chassis.database.write() as session:
        await session.execute(
            update(Personnel).where(Personnel.id == UUID(who.personnel_id)).values(**ways[how])
        )


async def comes_back(training: ServiceApp, who: Somebody) -> None:
    assert training.consent is not None
    training.consent.strangers.discard((who.account_id, POLICE))
    async with training.chassis.database.write() as session:
        await session.execute(
            update(Personnel)
            .where(Personnel.id == UUID(who.personnel_id))
            .values(is_active=True, account_id=who.account_id)
        )


@pytest.mark.parametrize("how", ["blocked", "inactive", "unlinked"])
async def test_who_leaves_has_no_address_any_more(training: ServiceApp, how: str) -> None:
    who = await somebody(training)
    await planned(training, who)
    secret = await subscribed(training, who)
    assert (await told(training, secret))[0] == 200
    await has_left(training, who, how)
    assert await told(training, secret) == await told(training, new_secret())
    await comes_back(training, who)
    assert (await told(training, secret))[0] == 404  # it has ended, and is not taken up again
    assert (await told(training, await subscribed(training, who)))[0] == 200


async def test_while_nobody_says_who_serves_nothing_is_told_and_nothing_ends(
    training: ServiceApp,
) -> None:
    assert training.consent is not None
    secret = await subscribed(training, await somebody(training))
    training.consent.is_refusing = True
    try:
        assert (await told(training, secret))[0] == 503
    finally:
        training.consent.is_refusing = False
    assert (await told(training, secret))[0] == 200


async def test_nothing_is_told_but_times_course_and_kind(training: ServiceApp) -> None:
    who, other = await somebody(training), await somebody(training)
    await planned(training, who, other)
    _, body = await told(training, await subscribed(training, who))
    (shown,) = body["sessions"]
    assert set(shown) == {
        "id", "number", "course", "startsAt", "endsAt", "zone", "mode", "platform", "status",
        "sequence", "changedAt",
    }  # fmt: skip
    assert (shown["mode"], shown["status"]) == ("IN_PERSON", "TENTATIVE")
    assert shown["zone"] == "America/Los_Angeles"
    assert SECRET_NAME not in orjson.dumps(body).decode()


async def test_what_is_cancelled_stays_and_says_so_with_a_greater_number(
    training: ServiceApp,
) -> None:
    who = await somebody(training)
    number = await planned(training, who)
    secret = await subscribed(training, who)

    async def shown() -> Any:
        _, body = await told(training, secret)
        (only,) = body["sessions"]
        return only

    first = await shown()
    async with training.chassis.database.read() as session:
        row = await session.scalar(
            select(Assignment).where(Assignment.personnel_id == UUID(who.personnel_id))
        )
    assert row is not None
    given_up = await change(
        training, assignmentId=str(row.id), status="CANCELLED", expectedVersion=1
    )
    assert codes(given_up) == []
    second = await shown()
    assert outcomes(await assign(training, number, personnelIds=[who.personnel_id])) == ["ASSIGNED"]
    third = await shown()
    async with training.chassis.database.write() as writing:
        await writing.execute(
            update(Session)
            .where(Session.number == number)
            .values(status="CANCELLED", version=Session.version + 1)
        )
    fourth = await shown()
    states = [first, second, third, fourth]
    assert [each["status"] for each in states] == [
        "TENTATIVE", "CANCELLED", "TENTATIVE", "CANCELLED",
    ]  # fmt: skip
    assert {each["id"] for each in states} == {first["id"]}
    growing = [each["sequence"] for each in states]
    assert growing == sorted(set(growing))


async def test_only_who_is_on_the_roster_or_manages_training_makes_one(
    training: ServiceApp,
) -> None:
    stranger = await somebody(training, has_entry=False)
    assert codes(await send(training, stranger.asking, SUBSCRIBE)) == ["NOT_ON_ROSTER"]
    mine = (await training.graphql(stranger.asking, MINE)).data["myTrainingCalendar"]
    assert mine == {"maySubscribe": False, "subscribedAt": None}
    manager = Somebody("", training_manager(subject=str(uuid4())))
    assert await numbers(training, await subscribed(training, manager)) == []
    unread = await somebody(training)
    blind = caller(Role.LEO, {}, subject=unread.account_id, agency_id=POLICE)
    assert codes(await send(training, blind, SUBSCRIBE)) == ["NOT_ON_ROSTER"]


async def test_the_door_is_the_gateways_own(training: ServiceApp) -> None:
    who = await somebody(training)
    secret = await subscribed(training, who)
    body = orjson.dumps({"digest": digest(secret)})
    for token in (None, training.token(who.asking), training.token(training_manager())):
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        answer = await training.http.post(PATH, content=body, headers=headers)
        assert answer.status_code == 401
    own = {"authorization": f"Bearer {training._gateway.for_service('training')}"}
    for wrong in (b"", b"[]", b"{}", b'{"digest": 1}', b'{"digest": "x"}', b"{" * 5000):
        answer = await training.http.post(PATH, content=wrong, headers=own)
        assert answer.status_code == 400
