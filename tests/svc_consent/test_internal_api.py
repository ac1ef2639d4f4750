"""The internal endpoints end to end: directory, decisions, feed, hand-overs; who may call."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from infra.authority.changes import VisibilityFact, delete_visibility, put_visibility
from infra.authority.predicate import agency_holder
from infra.vocabulary import Basis, Category, Purpose
from svc_consent.agencies.repository import principal
from svc_consent.authority import rules
from tests.fixtures.consent_world import LONG_AGO, ConsentWorld, Person, in_hands_of, soon
from tests.fixtures.service_app import ServiceAppFactory

ACCESS = {"IDENTITY": "a|r", "SUD": "r", "AUDIT": "s"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


async def test_principal_has_the_live_grants_only(world: ConsentWorld) -> None:
    agency = await world.make_agency("LE")
    officer = await world.make_person("LEO", agency, ends_at=soon(3600))
    body = {"issuer": "dev", "subject": officer.external_subject}
    found = await world.ok("/internal/directory/principal", body)
    assert found["subject"] == officer.subject
    assert [grant["id"] for grant in found["grants"]] == [str(officer.grant_id)]
    assert found["grants"][0]["agencyType"] == "LE"
    assert found["grants"][0]["validUntil"] == found["validUntil"] is not None
    await world.execute(
        "update role_grant set revoked_at = now() where id = :id", id=officer.grant_id
    )
    assert (await world.ok("/internal/directory/principal", body))["grants"] == []


async def test_principal_of_an_agency_without_mou_has_no_grant(world: ConsentWorld) -> None:
    agency = await world.make_agency("LE", ends_at=soon(-1))
    officer = await world.make_person("LEO", agency)
    body = {"issuer": "dev", "subject": officer.external_subject}
    found = await world.ok("/internal/directory/principal", body)
    assert found["subject"] == officer.subject
    assert found["grants"] == []


async def test_unknown_account_has_no_subject(world: ConsentWorld) -> None:
    found = await world.ok("/internal/directory/principal", {"issuer": "dev", "subject": "nobody"})
    assert (found["subject"], found["grants"], found["isBlocked"]) == (None, [], False)


async def test_decisions_have_one_shape_for_known_unknown_and_malformed_ids(
    world: ConsentWorld,
) -> None:
    agency = await world.make_agency("CM")
    manager = await world.make_person("CM", agency)
    released, assigned, unknown = (str(uuid4()) for _ in range(3))
    await world.release(released, agency, ends_at=soon(600))
    await world.permit(assigned, in_hands_of(manager), Basis.ASSIGNMENT)
    answer = await world.decisions(manager, [released, assigned, unknown, "no-id"], ACCESS)
    by_id = {each["participant"]: each for each in answer["decisions"]}
    assert [each["participant"] for each in answer["decisions"]] == [
        released, assigned, unknown, "no-id"
    ]  # fmt: skip
    assert by_id[released]["categories"] == ["IDENTITY"]
    assert by_id[released]["kind"] == "DISCLOSURE"
    assert len(by_id[released]["sources"]["IDENTITY"]) == 1
    assert by_id[released]["validUntil"] is not None
    assert (by_id[assigned]["categories"], by_id[assigned]["kind"]) == (["IDENTITY"], "USE")
    assert by_id[unknown] == {**by_id["no-id"], "participant": unknown}
    assert by_id[unknown]["categories"] == []
    assert answer["revision"] == await world.head()


async def test_denial_wins(world: ConsentWorld) -> None:
    agency = await world.make_agency("LE")
    officer = await world.make_person("LEO", agency)
    participant = str(uuid4())
    await world.release(participant, agency)
    await world.permit(
        participant, agency_holder(agency), Basis.RELEASE, Category.IDENTITY, Purpose.LEAD_COORD,
        is_denial=True,
    )  # fmt: skip
    answer = await world.decisions(officer, [participant], ACCESS)
    assert answer["decisions"][0]["categories"] == []


async def test_feed_answers_as_soon_as_something_changes(world: ConsentWorld) -> None:
    head = await world.head()
    path = f"/internal/authority/changes?after={head}&wait=20"
    waiting = asyncio.create_task(world.call("GET", path, issuer="cases"))
    await asyncio.sleep(0.1)
    participant, agency = str(uuid4()), str(uuid4())
    await world.release(participant, agency)
    status, answer = await asyncio.wait_for(waiting, 15)
    assert status == 200
    assert [each["revision"] for each in answer["changes"]] == [head + 1] == [answer["revision"]]
    assert answer["changes"][0]["keys"] == [f"participant:{participant}", f"visible:{agency}"]
    assert answer["changes"][0]["operations"][0]["row"]["participant_id"] == participant


async def test_hand_over_has_its_effect_once(world: ConsentWorld) -> None:
    agency = await world.make_agency("CM")
    manager = await world.make_person("CM", agency)
    participant, hand_over = str(uuid4()), str(uuid4())
    fact = VisibilityFact(
        uuid4(), UUID(participant), in_hands_of(manager), Basis.ASSIGNMENT, LONG_AGO
    )
    body = {"id": hand_over, "operations": [put_visibility(fact)]}
    path = "/internal/authority/facts"
    first = await world.ok(path, body, issuer="participants")
    again = await world.ok(path, body, issuer="participants")
    assert first == again == {"revision": await world.head()}
    assert (await _decided(world, manager, participant)) == ["IDENTITY"]
    body = {"id": str(uuid4()), "operations": [delete_visibility(fact.id)]}
    await world.ok(path, body, issuer="participants")
    assert (await _decided(world, manager, participant)) == []


@pytest.mark.parametrize(
    ("issuer", "basis"),
    [("participants", Basis.RELEASE), ("cases", Basis.ASSIGNMENT), ("training", Basis.AUTHOR)],
)
async def test_services_cannot_hand_over_what_others_own(
    world: ConsentWorld, issuer: str, basis: Basis
) -> None:
    fact = VisibilityFact(uuid4(), uuid4(), agency_holder("x"), basis, LONG_AGO)
    body = {"id": str(uuid4()), "operations": [put_visibility(fact)]}
    before = await world.head()
    status, _ = await world.call("POST", "/internal/authority/facts", body, issuer=issuer)
    assert (status, await world.head()) == (403, before)


async def test_services_cannot_take_away_what_others_own(world: ConsentWorld) -> None:
    participant, agency = str(uuid4()), str(uuid4())
    row_id = await world.release(participant, agency)
    body = {"id": str(uuid4()), "operations": [delete_visibility(row_id)]}
    status, _ = await world.call("POST", "/internal/authority/facts", body, issuer="participants")
    assert status == 403


async def test_denial_to_everybody_moves_the_lists_of_those_who_hold(world: ConsentWorld) -> None:
    agency = await world.make_agency("LE")
    participant = str(uuid4())
    await world.release(participant, agency)
    fact = VisibilityFact(
        uuid4(), UUID(participant), "any", Basis.OWN_AGENCY, LONG_AGO, is_denial=True
    )
    body = {"id": str(uuid4()), "operations": [put_visibility(fact)]}
    before = await world.head()
    await world.ok("/internal/authority/facts", body, issuer="participants")
    _, feed = await world.call("GET", f"/internal/authority/changes?after={before}")
    assert feed["changes"][0]["keys"] == [f"participant:{participant}", f"visible:{agency}"]


@pytest.mark.parametrize(
    ("path", "issuer"),
    [
        ("/internal/directory/principal", "cases"),
        ("/internal/directory/serving", "gateway"),
        ("/internal/directory/serving", "cases"),
        ("/internal/authority/decisions", "participants"),
        ("/internal/gate", "training"),
        ("/internal/authority/facts", "gateway"),
    ],
)
async def test_endpoints_are_closed_to_other_programs(
    world: ConsentWorld, path: str, issuer: str
) -> None:
    status, _ = await world.call("POST", path, {}, issuer=issuer)
    assert status == 401
    assert (await world.service.http.post(path, content=b"{}")).status_code == 401


async def _decided(world: ConsentWorld, person: Person, participant: str) -> list[str]:
    answer = await world.decisions(person, [participant], ACCESS)
    categories: list[str] = answer["decisions"][0]["categories"]
    return categories


async def test_planted_owner_of_everything_is_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "BASES_OF_ISSUER", {"participants": frozenset(Basis)})
    with pytest.raises(AssertionError):
        await test_services_cannot_hand_over_what_others_own(world, "participants", Basis.RELEASE)
    with pytest.raises(AssertionError):
        await test_services_cannot_take_away_what_others_own(world)


async def test_planted_blindness_for_denials_to_everybody_is_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rules, "ANY_HOLDER", "nobody")
    with pytest.raises(AssertionError):
        await test_denial_to_everybody_moves_the_lists_of_those_who_hold(world)


async def test_planted_directory_without_live_periods_is_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    careless = principal._PRINCIPAL.replace(
        "(w.ends_at is null or w.ends_at > moment.at)", "true"
    ).replace("w.ends_at)", "null::timestamptz)")
    monkeypatch.setattr(principal, "_PRINCIPAL", careless)
    with pytest.raises(AssertionError):
        await test_principal_of_an_agency_without_mou_has_no_grant(world)
