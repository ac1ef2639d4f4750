"""Emergency access: five facts and an attestation, one hour, noticed, reviewed, recorded."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from infra.authority.predicate import agency_holder
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category, Purpose, Role
from svc_consent.authority.decision import Decider
from svc_consent.emergencies import commands, rules
from tests.fixtures.consent_world import LONG_AGO, ConsentWorld, Person
from tests.fixtures.release_case import Case, new_case
from tests.fixtures.service_app import ServiceAppFactory, caller

ACCESS = {"HEALTH_HIV": "b", "SUD": "b"}
READ = """query Read($of: [_Any!]!) { _entities(representations: $of) { ... on Participant {
  emergencyAccesses { edges { node { recipientName recipientFacility discloser startsAt endsAt
    natureOfEmergency unobtainableBecause } } }
  duties { edges { node { id kind dueAt raisedAt doneAt version } } } } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


class Scene:
    """A participant, and a medic with nothing but a login."""

    def __init__(self, case: Case, medic: Person) -> None:
        self.case, self.medic = case, medic

    def acting(self, role: Role = Role.MED, purpose: Purpose | None = Purpose.BTG) -> Caller:
        return caller(
            role, {Category.SUD: "b"}, subject=self.medic.subject, purpose=purpose,
            agency_id=self.medic.agency_id, site_id=str(self.case.world.site_id),
        )  # fmt: skip

    async def break_glass(self, acting: Caller | None = None, **changes: Any) -> dict[str, Any]:
        given = {
            "participantId": self.case.participant, "recipientName": "P. Medic",
            "recipientFacility": "Ambulance 7", "discloser": "Golden Thread",
            "natureOfEmergency": "Overdose", "attestsConsentCannotBeObtained": True,
            "unobtainableBecause": "Not conscious", **changes,
        }  # fmt: skip
        return await self.case.run("breakGlass", given, "accessId endsAt", acting or self.acting())

    async def sees(self, purpose: str = "BTG") -> list[str]:
        answer = await self.case.world.decisions(
            self.medic, [self.case.participant], ACCESS, purpose
        )
        found: list[str] = answer["decisions"][0]["categories"]
        return found


@pytest_asyncio.fixture(loop_scope="session")
async def scene(world: ConsentWorld) -> Scene:
    case = await new_case(world)
    return Scene(case, await world.make_person("MED", await world.make_agency("EMS")))


def codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]


async def test_access_opens_for_one_person_one_purpose_one_hour(scene: Scene) -> None:
    assert await scene.sees() == []
    opened = await scene.break_glass()
    assert codes(opened) == []
    assert await scene.sees() == ["HEALTH_HIV", "SUD"]
    assert await scene.sees("ETREAT") == []
    colleague = await scene.case.world.make_person("MED", scene.medic.agency_id)
    answer = await scene.case.world.decisions(colleague, [scene.case.participant], ACCESS, "BTG")
    decision = answer["decisions"][0]
    assert decision["categories"] == []
    own = await scene.case.world.decisions(scene.medic, [scene.case.participant], ACCESS, "BTG")
    until = datetime.fromisoformat(own["decisions"][0]["validUntil"])
    assert until == datetime.fromisoformat(opened["endsAt"])
    assert own["decisions"][0]["sources"] == {
        "HEALTH_HIV": [opened["accessId"]], "SUD": [opened["accessId"]],
    }  # fmt: skip


async def test_access_ends_by_itself(scene: Scene) -> None:
    """The clock of the database alone: the same row, an hour later by its own dates."""
    opened = await scene.break_glass()
    assert await scene.sees() == ["HEALTH_HIV", "SUD"]
    await scene.case.world.execute(
        "update authority_visibility set starts_at = starts_at - interval '61 minutes',"
        " ends_at = ends_at - interval '61 minutes' where id = cast(:id as uuid)",
        id=opened["accessId"],
    )
    assert await scene.sees() == []


async def test_gate_refuses_what_was_decided_before_the_end(scene: Scene) -> None:
    opened = await scene.break_glass()
    world, head = scene.case.world, await scene.case.world.head()
    call = world.gate_call(
        scene.medic, head, [scene.case.participant], categories=("SUD",), access={"SUD": "b"},
        purpose="BTG",
    )  # fmt: skip
    (verdict,) = await world.gate(call)
    assert verdict["lapsed"] == []
    (entry,) = await world.entries(call["releaseId"])
    assert (entry["kind"], entry["sources"]) == ("DISCLOSURE", {"SUD": [opened["accessId"]]})
    await world.execute(
        "update authority_visibility set starts_at = starts_at - interval '61 minutes',"
        " ends_at = ends_at - interval '61 minutes' where id = cast(:id as uuid)",
        id=opened["accessId"],
    )
    later = {**call, "releaseId": str(uuid4())}
    (verdict,) = await world.gate(later)
    assert [each["categories"] for each in verdict["lapsed"]] == [["SUD"]]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"attestsConsentCannotBeObtained": False}, "NOT_ATTESTED"),
        ({"recipientName": " "}, "FACT_MISSING"),
        ({"recipientFacility": ""}, "FACT_MISSING"),
        ({"discloser": ""}, "FACT_MISSING"),
        ({"natureOfEmergency": ""}, "FACT_MISSING"),
        ({"unobtainableBecause": ""}, "FACT_MISSING"),
    ],
)
async def test_without_a_fact_or_the_attestation_nothing_opens(
    scene: Scene, changes: dict[str, Any], code: str
) -> None:
    assert codes(await scene.break_glass(**changes)) == [code]
    assert await scene.sees() == []


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.MED])
async def test_nobody_but_medical_staff_breaks_glass(scene: Scene, role: Role) -> None:
    assert codes(await scene.break_glass(scene.acting(role))) == ["FORBIDDEN"]
    assert await scene.sees() == []


async def test_another_purpose_does_not_break_glass(scene: Scene) -> None:
    for purpose in (Purpose.ETREAT, None):
        refused = await scene.break_glass(scene.acting(purpose=purpose))
        assert codes(refused) == ["PURPOSE_NEEDED"]


async def test_absent_person_gets_the_same_answer(scene: Scene) -> None:
    there, absent = await scene.break_glass(), await scene.break_glass(participantId=str(uuid4()))
    assert there.keys() == absent.keys()
    assert codes(there) == codes(absent) == []


async def test_wish_in_a_form_does_not_stop_it_but_a_freeze_does(scene: Scene) -> None:
    case = scene.case
    holder = agency_holder(scene.medic.agency_id)
    await case.world.permit(case.participant, holder, Basis.RELEASE, is_denial=True)
    await scene.break_glass()
    assert await scene.sees() == ["HEALTH_HIV", "SUD"]
    await case.world.permit(case.participant, holder, Basis.ANY, is_denial=True)
    assert await scene.sees() == []


async def test_case_manager_is_told_and_a_review_is_due_in_a_day(scene: Scene) -> None:
    await scene.break_glass()
    case = scene.case
    holder = agency_holder(case.manager.agency_id)
    await case.world.permit(case.participant, holder, Basis.OWN_AGENCY)
    of = [{"__typename": "Participant", "id": case.participant}]
    answer = await case.world.service.graphql(case.acting(), READ, {"of": of})
    told = answer.data["_entities"][0]
    (access,) = [edge["node"] for edge in told["emergencyAccesses"]["edges"]]
    assert access["recipientName"] == "P. Medic"
    assert access["unobtainableBecause"] == "Not conscious"
    duties = {edge["node"]["kind"]: edge["node"] for edge in told["duties"]["edges"]}
    assert set(duties) == {"EMERGENCY_NOTICE", "EMERGENCY_REVIEW"}
    review = duties["EMERGENCY_REVIEW"]
    raised = datetime.fromisoformat(review["raisedAt"])
    assert datetime.fromisoformat(review["dueAt"]) - raised == timedelta(hours=24)
    given = {
        "dutyId": review["id"], "expectedVersion": review["version"], "outcome": "It was right",
    }  # fmt: skip
    done = "duty { doneAt outcome }"
    assert codes(await case.run("completeDuty", given, done)) == ["FORBIDDEN"]
    supervisor = case.acting(role=Role.SUP, ground="o")
    reviewed = await case.run("completeDuty", given, done, supervisor)
    assert reviewed["duty"]["outcome"] == "It was right"
    again = {**given, "expectedVersion": 2}
    assert codes(await case.run("completeDuty", again, done, supervisor)) == ["DONE"]


async def test_stranger_sees_neither_access_nor_duty(scene: Scene) -> None:
    await scene.break_glass()
    of = [{"__typename": "Participant", "id": scene.case.participant}]
    stranger = scene.case.acting(subject=str(uuid4()))
    answer = await scene.case.world.service.graphql(stranger, READ, {"of": of})
    assert answer.data["_entities"][0] == {
        "emergencyAccesses": {"edges": []}, "duties": {"edges": []},
    }  # fmt: skip


def _without_end(*arguments: Any) -> Any:
    fact = REAL_GROUND(*arguments)
    return type(fact)(fact.id, fact.participant_id, fact.holder, fact.basis, LONG_AGO,
                      purpose=fact.purpose, source_id=fact.source_id)  # fmt: skip


REAL_GROUND = rules.ground


def _for_any_purpose(*arguments: Any) -> Any:
    fact = REAL_GROUND(*arguments)
    return type(fact)(fact.id, fact.participant_id, fact.holder, fact.basis, fact.starts_at,
                      fact.ends_at, source_id=fact.source_id)  # fmt: skip


def _deaf(self: Decider, rows: Any) -> Any:
    return REAL_DECIDE(self, [row for row in rows if not row.is_denial])


REAL_DECIDE = Decider.decide


@pytest.mark.parametrize(
    ("check", "module", "name", "broken"),
    [
        (test_access_ends_by_itself, rules, "ground", _without_end),
        (test_gate_refuses_what_was_decided_before_the_end, rules, "ground", _without_end),
        (test_access_opens_for_one_person_one_purpose_one_hour, rules, "ground",
         _for_any_purpose),
        (test_wish_in_a_form_does_not_stop_it_but_a_freeze_does, Decider, "decide", _deaf),
        (test_case_manager_is_told_and_a_review_is_due_in_a_day, commands, "raise_duties",
         lambda *_: None),
    ],
)  # fmt: skip
async def test_planted_bug_is_caught(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, check: Any, module: Any, name: str, broken: Any
) -> None:
    monkeypatch.setattr(module, name, broken)
    with pytest.raises((AssertionError, ValueError)):
        await check(scene)


@pytest.mark.parametrize("role", [Role.LEO, Role.PAR])
async def test_planted_role_that_may_break_glass_is_caught(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, role: Role
) -> None:
    monkeypatch.setattr(rules, "ROLES", frozenset(Role))
    with pytest.raises(AssertionError):
        await test_nobody_but_medical_staff_breaks_glass(scene, role)
