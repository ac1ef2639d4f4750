"""Tables of releases by groups of people: counted where the groups are known, told suppressed."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest

from infra.indicators import counting
from infra.indicators import groups as asking_side
from infra.indicators.counting import ShownTable
from infra.indicators.definitions import Split
from infra.indicators.groups import AUDIENCE, TABLES_PATH, Counted, GroupsError, RemoteGroups
from infra.small_cells import THRESHOLD
from svc_consent.indicators.rules import AT_INTAKE, KEPT, OF_PEOPLE, SCOPE
from svc_participants.indicators import groups_door
from tests.fixtures.service_app import ServiceApp
from tests.svc_participants.indicators.people_of_a_site import Somebody, add_people, settle_site
from tests.svc_participants.indicators.test_groups_door import door, minter
from tests.svc_participants.indicators.test_well_being import _naive

DAY = date(2025, 6, 1)
WHITE = Somebody()
BLACK = replace(WHITE, race=("BLACK_AFRICAN_AMERICAN",), door="COMMUNITY", gender="WOMAN")
IN_FORCE = {"SCOPE": "WHOLE", "KEPT": "IN_FORCE"}
TAKEN_BACK = {"SCOPE": "WHOLE", "KEPT": "TAKEN_BACK"}
IN_PART = {"SCOPE": "IN_PART", "KEPT": "RUN_OUT"}
INDICATORS = (SCOPE, KEPT)

Asked = tuple[UUID, dict[UUID, Counted]]


async def a_site(
    service: ServiceApp, counts: Mapping[tuple[Somebody, tuple[str, str]], int], strangers: int = 0
) -> Asked:
    """Make people of a site, and say of each what is counted; strangers were never referred."""
    site = uuid4()
    await settle_site(service, site)
    people: dict[UUID, Counted] = {}
    for (somebody, (scope, kept)), many in counts.items():
        for person in await add_people(service, site, [somebody] * many):
            people[person] = Counted(DAY, {"SCOPE": scope, "KEPT": kept})
    people |= {uuid4(): Counted(DAY, IN_PART) for _ in range(strangers)}
    return site, people


def told(made: list[ShownTable], key: str, split: Split) -> dict[str, Any]:
    """Return what is shown of one table."""
    (shown,) = [each.shown for each in made if (each.indicator, each.split) == (key, split)]
    return shown


def outcomes(of: Mapping[str, str]) -> tuple[str, str]:
    """Return the outcomes of a person in the order of the indicators."""
    return of["SCOPE"], of["KEPT"]


async def test_each_is_counted_in_the_own_groups(participants: ServiceApp, tmp_path: Path) -> None:
    site, people = await a_site(
        participants,
        {(somebody, outcomes(of)): many for somebody, many in ((WHITE, 20), (BLACK, 15))
         for of in (IN_FORCE, TAKEN_BACK, IN_PART)},
        strangers=12,
    )  # fmt: skip
    async with door(participants, tmp_path, "consent") as groups:
        made = await groups.tables(site, INDICATORS, OF_PEOPLE, people)
    assert len(made) == len(INDICATORS) * len(OF_PEOPLE)
    shown = told(made, "KEPT", Split.RACE)
    assert shown["outcomes"] == {"IN_FORCE": 35, "TAKEN_BACK": 35, "RUN_OUT": 47}
    assert {group: many for group, many in shown["groups"].items() if many} == {
        "WHITE": 60, "BLACK_AFRICAN_AMERICAN": 45, "NOT_KNOWN": 12,
    }  # fmt: skip
    for split, group in (
        (Split.DOOR, "COMMUNITY"), (Split.GENDER, "WOMAN"), (Split.SEX, "FEMALE"),
    ):  # fmt: skip
        assert told(made, "SCOPE", split)["groups"][group] == 45
    assert told(made, "SCOPE", Split.AGE)["groups"]["45_TO_54"] == 105


FEW = {
    (somebody, outcomes(of)): many
    for somebody, counts in ((WHITE, (40, 15, 20)), (BLACK, (25, 3, 12)))
    for of, many in zip((IN_FORCE, TAKEN_BACK, IN_PART), counts, strict=True)
}


def _rebuilt(shown: dict[str, Any]) -> int | None:
    """Return how many Black people took a release back, if subtraction from all tells."""
    whole, rest = shown["outcomes"]["TAKEN_BACK"], shown["cells"]["WHITE"]["TAKEN_BACK"]
    return None if whole is None or rest is None else whole - rest


async def test_what_is_told_is_suppressed_and_subtraction_gives_nobody_back(
    participants: ServiceApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same attack finds three people where only small cells are hidden."""
    site, people = await a_site(participants, FEW)
    async with door(participants, tmp_path, "consent") as groups:
        made = await groups.tables(site, INDICATORS, OF_PEOPLE, people)
        monkeypatch.setattr(counting, "protect_together", _naive)
        leaky = await groups.tables(site, INDICATORS, OF_PEOPLE, people)
    for table in made:
        numbers = [table.shown["total"], *table.shown["outcomes"].values()]
        numbers += table.shown["groups"].values()
        numbers += [each for row in table.shown["cells"].values() for each in row.values()]
        assert all(not each or each >= THRESHOLD for each in numbers), table
    assert _rebuilt(told(made, "KEPT", Split.RACE)) is None
    assert _rebuilt(told(leaky, "KEPT", Split.RACE)) == 3


async def test_no_answer_says_in_which_group_anybody_is(
    participants: ServiceApp, tmp_path: Path
) -> None:
    """Nobody's id is in it; of one person, or of ten, nothing at all is told."""
    site, people = await a_site(participants, {(WHITE, outcomes(IN_FORCE)): 10})
    token = minter(participants, tmp_path, "consent").for_service(AUDIENCE)
    for some in (dict(list(people.items())[:1]), people):
        asked = {
            "siteId": str(site), "splits": [each.value for each in OF_PEOPLE],
            "indicators": {each.key: each.codes for each in INDICATORS},
            "people": {str(who): [DAY.isoformat(), "WHOLE", "IN_FORCE"] for who in some},
        }  # fmt: skip
        answer = await participants.http.post(
            TABLES_PATH, content=orjson.dumps(asked), headers={"authorization": f"Bearer {token}"}
        )
        assert answer.status_code == 200
        assert not any(str(who) in answer.text for who in people)
        numbers = Counter(_leaves(orjson.loads(answer.content)))
        assert set(numbers) == {None}, "not even which groups are empty"


def _leaves(told: Any) -> list[Any]:
    """Return all numbers of the tables of an answer, and what stands for them."""
    found: list[Any] = []
    for each in told["tables"]:
        shown = each["shown"]
        found += [shown["total"], *shown["outcomes"].values(), *shown["groups"].values()]
        found += [cell for row in shown["cells"].values() for cell in row.values()]
    return found


@pytest.mark.parametrize(
    "changed",
    [
        {"splits": ["RACE", "PROGRAM"]}, {"splits": ["NAME"]}, {"indicators": {}}, {"people": []},
        {"people": {"x": ["2025-06-01", "WHOLE", "IN_FORCE"]}},
        {"people": {str(uuid4()): ["2025-06-01", "WHOLE"]}},
        {"people": {str(uuid4()): ["2025-06-01", "WHOLE", "ELSE"]}},
        {"people": {str(uuid4()): ["some day", "WHOLE", "IN_FORCE"]}},
    ],
)  # fmt: skip
async def test_what_cannot_be_counted_is_refused(
    participants: ServiceApp, tmp_path: Path, changed: dict[str, Any]
) -> None:
    token = minter(participants, tmp_path, "consent").for_service(AUDIENCE)
    asked = {
        "siteId": str(uuid4()), "splits": ["RACE"], "people": {},
        "indicators": {each.key: each.codes for each in INDICATORS},
    }  # fmt: skip
    for body, status in ((asked, 200), (asked | changed, 400)):
        answer = await participants.http.post(
            TABLES_PATH, content=orjson.dumps(body), headers={"authorization": f"Bearer {token}"}
        )
        assert answer.status_code == status


async def test_more_people_than_a_table_has_and_other_tables_than_asked_are_errors(
    participants: ServiceApp, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site, people = uuid4(), {uuid4(): Counted(DAY, IN_FORCE) for _ in range(3)}
    async with door(participants, tmp_path, "consent") as groups:
        sound = RemoteGroups._post

        async def others(one: RemoteGroups, path: str, asked: Any) -> dict[str, Any]:
            answer = await sound(one, path, asked)
            return {"tables": answer["tables"][1:]}

        with monkeypatch.context() as planted:
            planted.setattr(RemoteGroups, "_post", others)
            with pytest.raises(GroupsError, match="other tables"):
                await groups.tables(site, [AT_INTAKE], OF_PEOPLE, {})
        monkeypatch.setattr(groups_door, "MOST_COUNTED", 2)
        with pytest.raises(GroupsError, match="400"):
            await groups.tables(site, INDICATORS, OF_PEOPLE, people)
        monkeypatch.setattr(asking_side, "MOST_COUNTED", 2)
        with pytest.raises(GroupsError, match="more people"):
            await groups.tables(site, INDICATORS, OF_PEOPLE, people)
