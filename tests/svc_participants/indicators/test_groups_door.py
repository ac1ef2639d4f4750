"""Who was referred, and groups of people, are told to the figures of cases and to nobody else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID, uuid4

import orjson
import pytest
from sqlalchemy import text

from infra.identity_token import TokenMinter
from infra.indicators import groups as asking_side
from infra.indicators.definitions import Split
from infra.indicators.groups import (
    AUDIENCE,
    MERGED_PATH,
    PATH,
    REFERRED_PATH,
    TABLES_PATH,
    GroupsError,
    RemoteGroups,
)
from infra.signing_keys import SigningKeys
from infra.vocabulary import Role
from svc_participants.indicators import groups_door, repository
from svc_participants.referrals.rules import THE_PUBLIC
from tests.fixtures.service_app import ServiceApp, caller, http_server
from tests.svc_participants.indicators.people_of_a_site import (
    Somebody,
    add_people,
    add_programme,
    refer_again,
    settle_site,
)

DAY = date(2025, 6, 1)
SPLITS = {
    Split.DOOR, Split.PLACE, Split.PROGRAM, Split.FUNDING_SOURCE, Split.RACE, Split.GENDER,
    Split.SEX, Split.AGE, Split.DISABILITY,
}  # fmt: skip


def minter(service: ServiceApp, folder: Path, issuer: str) -> TokenMinter:
    """Return the tokens of another program, whose key the service knows."""
    return TokenMinter(SigningKeys(issuer, folder / issuer, service.settings.public_key_dir))


@asynccontextmanager
async def door(
    service: ServiceApp, folder: Path, asking: str = "cases"
) -> AsyncIterator[RemoteGroups]:
    """Ask the running service as the figures of cases, or of another program, do."""
    socket = folder / "people.sock"
    groups = RemoteGroups(f"unix:{socket}", minter(service, folder, asking))
    async with http_server(service.app, uds=str(socket)):
        yield groups
        await groups.close()


async def test_groups_come_over_the_door(participants: ServiceApp, tmp_path: Path) -> None:
    site = uuid4()
    await settle_site(participants, site)
    await add_programme(participants, site, "LODGING", "CITY")
    known, lodged = await add_people(
        participants,
        site,
        [Somebody(), Somebody(race=("ASIAN", "WHITE"), programme="LODGING", place="Harbor steps")],
    )
    stranger = uuid4()
    async with door(participants, tmp_path) as groups:
        told = await groups.of(
            site, dict.fromkeys((known, lodged, stranger), DAY), date(2025, 1, 1), DAY
        )
        nobody = await groups.of(site, {}, DAY, DAY)
    assert set(told.people) == {known, lodged}
    assert told.people[known][Split.FUNDING_SOURCE] == "NOT_KNOWN"
    assert told.people[known][Split.PROGRAM] == "CORE"
    assert told.people[known][Split.AGE] == "45_TO_54"
    assert told.people[lodged][Split.PROGRAM] == "LODGING"
    assert told.people[lodged][Split.FUNDING_SOURCE] == "CITY"
    assert told.people[lodged][Split.RACE] == "SEVERAL"
    assert told.people[lodged][Split.PLACE] == "Harbor"
    assert set(told.categories) == SPLITS == set(told.people[known])
    for person in told.people.values():
        assert all(category in told.categories[split] for split, category in person.items())
    assert (set(nobody.people), set(nobody.categories)) == (set(), SPLITS)


QUARTER = (date(2025, 1, 1), date(2025, 3, 31))
PUBLIC = Somebody(author=THE_PUBLIC, door="COMMUNITY")
LAST_DAY = Somebody(submitted_on=QUARTER[1])
EARLIER = Somebody(submitted_on=date(2024, 12, 30))


async def a_quarter(service: ServiceApp) -> tuple[UUID, dict[str, UUID]]:
    """Make a site and another one, and people of whom some were first referred in the quarter."""
    site, other = uuid4(), uuid4()
    await settle_site(service, site)
    await settle_site(service, other)
    names = ("public", "evening", "before", "draft")
    kinds = [PUBLIC, LAST_DAY, EARLIER, Somebody(status="DRAFT")]
    people = dict(zip(names, await add_people(service, site, kinds), strict=True))
    async with service.chassis.database.write() as session:
        await session.execute(  # seven in the evening of the site, already April in UTC
            text("update referral set submitted_at = :at where participant_id = :who"),
            {"at": datetime(2025, 4, 1, 2, tzinfo=UTC), "who": people["evening"]},
        )
    await refer_again(service, site, people["before"], PUBLIC)
    (people["elsewhere"],) = await add_people(service, other, [EARLIER])
    await refer_again(service, site, people["elsewhere"], LAST_DAY)
    return site, people


async def test_everybody_who_was_referred_is_told_with_the_day_of_the_site(
    participants: ServiceApp, tmp_path: Path
) -> None:
    site, people = await a_quarter(participants)
    async with door(participants, tmp_path) as groups:
        told = await groups.referred(site, *QUARTER)
    assert told == {
        people["public"]: PUBLIC.submitted_on,
        people["evening"]: QUARTER[1],
        people["elsewhere"]: QUARTER[1],
    }


@pytest.mark.parametrize(
    ("sound", "planted", "missing"),
    [
        ("f.status <> 'DRAFT'\n", "f.author_subject <> 'the-public'\n", "public"),
        ("f.submitted_on between", "(f.submitted_at at time zone 'UTC')::date between", "evening"),
        ("and e.site_id = r.site_id", "", "elsewhere"),
    ],
    ids=["authors alone", "day of UTC", "first anywhere"],
)
async def test_planted_statement_that_leaves_people_out_is_caught(
    participants: ServiceApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    sound: str, planted: str, missing: str,
) -> None:  # fmt: skip
    site, people = await a_quarter(participants)
    statement = repository._REFERRED_DAYS
    assert sound in statement
    monkeypatch.setattr(repository, "_REFERRED_DAYS", statement.replace(sound, planted))
    async with door(participants, tmp_path) as groups:
        assert people[missing] not in await groups.referred(site, *QUARTER)


async def test_more_people_than_one_answer_holds_are_told(
    participants: ServiceApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = uuid4()
    await settle_site(participants, site)
    people = await add_people(participants, site, [Somebody()] * 5)
    for each in (asking_side, groups_door):
        monkeypatch.setattr(each, "MOST_PEOPLE", 2)
    async with door(participants, tmp_path) as groups:
        assert set(await groups.referred(site, *QUARTER)) == set(people)


async def test_nobody_but_the_figures_that_need_it_is_told(
    participants: ServiceApp, tmp_path: Path
) -> None:
    body = orjson.dumps(
        {
            "siteId": str(uuid4()), "startsOn": "2025-01-01", "endsOn": "2025-02-01", "days": {},
            "indicators": {"KEPT": ["A", "B"]}, "splits": ["RACE"], "people": {},
        }
    )  # fmt: skip
    tokens: dict[str, str | None] = {
        each: minter(participants, tmp_path, each).for_service(AUDIENCE)
        for each in ("training", "consent", "gateway", "cases")
    }
    tokens |= {"nobody": None, "a caller": participants.token(caller(Role.PCG))}
    doors = {
        PATH: ("cases",), REFERRED_PATH: ("cases",), TABLES_PATH: ("consent",),
        MERGED_PATH: ("cases", "consent"),
    }  # fmt: skip
    for path, asking in doors.items():
        for name, token in tokens.items():
            headers = {} if token is None else {"authorization": f"Bearer {token}"}
            answer = await participants.http.post(path, content=body, headers=headers)
            assert answer.status_code == (200 if name in asking else 401), (path, name)
        headers = {"authorization": f"Bearer {tokens[asking[0]]}"}
        for bad in (b"[]", b"{", orjson.dumps({"siteId": "x"})):
            answer = await participants.http.post(path, content=bad, headers=headers)
            assert answer.status_code == 400


async def test_a_service_that_is_away_is_an_error_and_no_table(
    participants: ServiceApp, tmp_path: Path
) -> None:
    groups = RemoteGroups(f"unix:{tmp_path}/nobody", minter(participants, tmp_path, "cases"))
    with pytest.raises(GroupsError):
        await groups.of(uuid4(), {}, DAY, DAY)
    with pytest.raises(GroupsError):
        await groups.referred(uuid4(), DAY, DAY)
    await groups.close()
