"""Groups of people are told to the figures of cases, and to nobody else."""

from datetime import date
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from infra.identity_token import TokenMinter
from infra.indicators.definitions import Split
from infra.indicators.groups import AUDIENCE, PATH, GroupsError, RemoteGroups
from infra.signing_keys import SigningKeys
from infra.vocabulary import Role
from tests.fixtures.service_app import ServiceApp, caller, http_server
from tests.svc_participants.indicators.people_of_a_site import (
    Somebody,
    add_people,
    add_programme,
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
    socket = tmp_path / "people.sock"
    groups = RemoteGroups(f"unix:{socket}", minter(participants, tmp_path, "cases"))
    async with http_server(participants.app, uds=str(socket)):
        told = await groups.of(
            site, dict.fromkeys((known, lodged, stranger), DAY), date(2025, 1, 1), DAY
        )
        nobody = await groups.of(site, {}, DAY, DAY)
        await groups.close()
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


async def test_nobody_but_the_figures_of_cases_is_told(
    participants: ServiceApp, tmp_path: Path
) -> None:
    body = orjson.dumps(
        {"siteId": str(uuid4()), "startsOn": "2025-01-01", "endsOn": "2025-02-01", "days": {}}
    )
    gateway = participants.token(caller(Role.PCG))
    others = [None, gateway, *(minter(participants, tmp_path, each).for_service(AUDIENCE)
              for each in ("training", "consent", "gateway"))]  # fmt: skip
    for token in others:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        answer = await participants.http.post(PATH, content=body, headers=headers)
        assert answer.status_code == 401
    token = minter(participants, tmp_path, "cases").for_service(AUDIENCE)
    headers = {"authorization": f"Bearer {token}"}
    answer = await participants.http.post(PATH, content=body, headers=headers)
    assert answer.status_code == 200
    for bad in (b"[]", b"{", orjson.dumps({"siteId": "x"})):
        answer = await participants.http.post(PATH, content=bad, headers=headers)
        assert answer.status_code == 400


async def test_a_service_that_is_away_is_an_error_and_no_table(
    participants: ServiceApp, tmp_path: Path
) -> None:
    groups = RemoteGroups(f"unix:{tmp_path}/nobody", minter(participants, tmp_path, "cases"))
    with pytest.raises(GroupsError):
        await groups.of(uuid4(), {}, DAY, DAY)
    await groups.close()
