"""What training opens, as the directory tells it: off unless a site asks for it, then at once."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from infra.authority.facts import delete_clearance, put_clearance
from infra.vocabulary import AgencyType, Role
from svc_cases.conferences.rules import PURPOSES_OF_ATTENDEE
from svc_consent.agencies import rules
from tests.fixtures.consent_world import ConsentWorld, Person, soon
from tests.fixtures.service_app import ServiceAppFactory, caller, new_key

FACTS = "/internal/authority/facts"
CHANGE = """mutation ($input: ChangeSharingSettingInput!) { changeSharingSetting(input: $input) {
  sharingSettings { name value safeValue note version } userErrors { code } } }"""
SETTINGS = "{ sharingSettings { name version } }"
REQUIRED = "conference_training_required"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        made.make_keys_known()
        await made.make_site()
        yield made


def who_can_be_invited_can_be_trained() -> None:
    """A clearance counts at the own agency alone: without its training manager nobody gets one."""
    invited = {kind for kind, roles in rules.CEILING.items() if roles & set(PURPOSES_OF_ATTENDEE)}
    assert {AgencyType.PROS, AgencyType.DEF, AgencyType.PMA, AgencyType.SUD} <= invited
    assert not [kind for kind in invited if Role.TRM not in rules.CEILING[kind]]


def test_who_can_be_invited_can_be_trained() -> None:
    who_can_be_invited_can_be_trained()


@pytest.mark.parametrize("kind", [AgencyType.PROS, AgencyType.HOUS])
def test_planted_agency_without_a_training_manager_is_caught(
    monkeypatch: pytest.MonkeyPatch, kind: AgencyType
) -> None:
    monkeypatch.setitem(rules.CEILING, kind, rules.CEILING[kind] - {Role.TRM})
    with pytest.raises(AssertionError):
        who_can_be_invited_can_be_trained()


def test_who_serves_no_participant_and_teaches_nobody_has_no_training_manager() -> None:
    none = {kind for kind, roles in rules.CEILING.items() if Role.TRM not in roles}
    assert {AgencyType.PLATFORM, AgencyType.EVAL, AgencyType.LSB} <= none


async def directory(world: ConsentWorld, person: Person) -> dict[str, Any]:
    body = {"issuer": "dev", "subject": person.external_subject}
    found: dict[str, Any] = await world.ok("/internal/directory/principal", body)
    return found


async def withheld(world: ConsentWorld, person: Person) -> list[str]:
    (grant,) = (await directory(world, person))["grants"]
    found: list[str] = grant["withheld"]
    return found


async def hand_over(world: ConsentWorld, *operations: Any, issuer: str = "training") -> int:
    body = {"id": str(uuid4()), "operations": list(operations)}
    status, answer = await world.call("POST", FACTS, body, issuer=issuer)
    return int(answer["revision"]) if status == 200 else -status


async def set_required(world: ConsentWorld, value: str | None, role: Role = Role.PLA) -> list[str]:
    return await set_to(world, REQUIRED, value, role)


async def set_to(
    world: ConsentWorld,
    name: str,
    value: str | None,
    role: Role = Role.PLA,
    expected: int | None = None,
) -> list[str]:
    admin = await world.make_person(role.value, await world.make_agency("PLATFORM"))
    asking = caller(
        role, {}, subject=admin.subject, agency_id=admin.agency_id, site_id=str(world.site_id)
    )
    version = await settings_version(world, asking) if expected is None else expected
    given = {
        "name": name, "value": value, "reason": "Counsel", "idempotencyKey": new_key(),
        "expectedVersion": version,
    }  # fmt: skip
    answer = await world.service.graphql(asking, CHANGE, {"input": given})
    return [each["code"] for each in answer.data["changeSharingSetting"]["userErrors"]]


async def settings_version(world: ConsentWorld, asking: Any) -> int:
    answer = await world.service.graphql(asking, SETTINGS)
    (version,) = {each["version"] for each in answer.data["sharingSettings"]}
    return int(version)


async def test_settings_that_changed_meanwhile_are_read_again_first(world: ConsentWorld) -> None:
    admin = await world.make_person("PLA", await world.make_agency("PLATFORM"))
    asking = caller(
        Role.PLA, {}, subject=admin.subject, agency_id=admin.agency_id, site_id=str(world.site_id)
    )
    read = await settings_version(world, asking)
    assert await set_to(world, REQUIRED, None, expected=read) == []
    assert await set_to(world, REQUIRED, "true", expected=read) == ["VERSION_CONFLICT"]
    assert await settings_version(world, asking) == read + 1


async def test_off_unless_the_site_asks_for_it(world: ConsentWorld) -> None:
    await set_required(world, None)
    officer = await world.make_person("LEO", await world.make_agency("LE"))
    assert await withheld(world, officer) == []
    assert await set_required(world, "true") == []
    _, feed = await world.call("GET", f"/internal/authority/changes?after={await world.head() - 1}")
    assert [change["keys"] for change in feed["changes"]] == [["policy"]]
    assert await withheld(world, officer) == ["OWG"]
    assert await set_required(world, None) == []
    assert await withheld(world, officer) == []


async def test_a_clearance_counts_at_its_agency_and_until_its_end(world: ConsentWorld) -> None:
    await set_required(world, "true")
    officer = await world.make_person("LEO", await world.make_agency("LE"))
    other = await world.make_person("LEO", await world.make_agency("LE"))
    elsewhere = put_clearance(uuid4(), officer.subject, other.agency_id, "OWG", None)
    somebody = put_clearance(uuid4(), other.subject, officer.agency_id, "OWG", None)
    ended = put_clearance(uuid4(), officer.subject, officer.agency_id, "OWG", soon(-1))
    another = put_clearance(uuid4(), officer.subject, officer.agency_id, "FIREARMS", None)
    await hand_over(world, elsewhere, somebody, ended, another)
    assert await withheld(world, officer) == ["OWG"]
    end = soon(3600)
    await hand_over(world, put_clearance(uuid4(), officer.subject, officer.agency_id, "OWG", end))
    found = await directory(world, officer)
    assert found["grants"][0]["withheld"] == []
    assert datetime.fromisoformat(found["validUntil"]) == end


async def test_what_is_lost_moves_the_persons_key_and_only_it(world: ConsentWorld) -> None:
    await set_required(world, "true")
    officer = await world.make_person("LEO", await world.make_agency("LE"))
    row_id = uuid4()
    await hand_over(world, put_clearance(row_id, officer.subject, officer.agency_id, "OWG", None))
    assert await withheld(world, officer) == []
    revision = await hand_over(world, delete_clearance(row_id))
    assert await withheld(world, officer) == ["OWG"]
    feed = await world.call("GET", f"/internal/authority/changes?after={revision - 1}")
    (change,) = feed[1]["changes"]
    assert (change["keys"], change["operations"]) == ([f"subject:{officer.subject}"], [])


@pytest.mark.parametrize("issuer", ["participants", "cases"])
async def test_only_training_says_what_training_opens(world: ConsentWorld, issuer: str) -> None:
    fact = put_clearance(uuid4(), "s", "a", "OWG", None)
    assert await hand_over(world, fact, issuer=issuer) == -403


async def test_what_is_malformed_or_mixed_is_refused_whole(world: ConsentWorld) -> None:
    good = put_clearance(uuid4(), "s", "a", "OWG", None)
    foreign = {"op": "delete", "table": "visibility", "id": str(uuid4())}
    assert await hand_over(world, good, foreign) == -403
    for wrong in (
        {**good, "row": {**_row(good), "kind": "owg; drop"}},
        {**good, "row": {**_row(good), "ends_at": "2026-01-01T00:00:00"}},
        {**good, "row": {**_row(good), "more": 1}},
        {"op": "delete", "table": "clearance", "id": "x"},
        {"op": "grow", "table": "clearance", "id": str(UUID(int=1))},
    ):
        assert await hand_over(world, wrong) == -400


def _row(operation: Any) -> dict[str, Any]:
    return dict(operation["row"])


async def test_a_repeated_hand_over_has_its_effect_once(world: ConsentWorld) -> None:
    body = {"id": str(uuid4()), "operations": [put_clearance(uuid4(), "s", "a", "OWG", None)]}
    first = await world.ok(FACTS, body, issuer="training")
    assert await world.ok(FACTS, body, issuer="training") == first


async def test_settings_are_the_platform_administrators_and_read_strictly(
    world: ConsentWorld,
) -> None:
    assert await set_required(world, "true", Role.AGA) == ["FORBIDDEN"]
    for wrong in ("1", '"true"', "maybe", "null", "[]"):
        assert await set_required(world, wrong) == ["BAD_VALUE"]


async def test_participants_need_no_training() -> None:
    assert rules.withheld([], {REQUIRED: True}, "") == []


async def test_planted_directory_without_the_gate_is_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing_withheld(*_given: Any) -> list[str]:
        return []

    monkeypatch.setattr(rules, "withheld", nothing_withheld)
    with pytest.raises(AssertionError):
        await test_what_is_lost_moves_the_persons_key_and_only_it(world)


async def figures_are_the_site_s_to_agree_to(world: ConsentWorld) -> None:
    manager = await world.make_person("PM", await world.make_agency("PMA"))
    officer = await world.make_person("LEO", await world.make_agency("LE"))
    everything = sorted(rules.FIGURES_FOR_PROJECT_MANAGERS)
    (grant,) = (await directory(world, manager))["grants"]
    assert grant["withheldFigures"] == everything
    (other,) = (await directory(world, officer))["grants"]
    assert other["withheldFigures"] == []
    assert await set_to(world, "project_manager_figures", '["REFERRAL", "CASE_NOTES"]') == []
    (grant,) = (await directory(world, manager))["grants"]
    assert grant["withheldFigures"] == ["ELIGIBILITY", "ENROLLMENT"]
    assert await set_to(world, "project_manager_figures", None) == []


async def test_no_figures_for_project_managers_before_the_site_agrees(world: ConsentWorld) -> None:
    await figures_are_the_site_s_to_agree_to(world)


async def test_planted_figures_without_agreement_are_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "withheld_figures", lambda *_: [])
    with pytest.raises(AssertionError):
        await figures_are_the_site_s_to_agree_to(world)
