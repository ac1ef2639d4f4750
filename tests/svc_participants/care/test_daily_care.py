"""Daily care: contacts, services, income, benefits, naloxone, overdoses, appointments."""

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from infra.authority.facts import subject_holder
from infra.batch_loader import IDS
from infra.errors import RuleError
from infra.vocabulary import Basis, Category
from svc_participants.care.appointments import repository as appointments
from svc_participants.care.appointments import rules as appointment_rules
from svc_participants.care.arrangements import repository as arrangements
from svc_participants.care.arrangements import rules as arrangement_rules
from svc_participants.care.encounters import repository as encounters
from svc_participants.care.encounters.tables import EncounterRow
from svc_participants.care.income import rules as income_rules
from svc_participants.care.keeping import check_step
from svc_participants.care.safety import repository as safety
from tests.fixtures.participants_service import (
    HOUSING_PROVIDER,
    account,
    case_manager,
    change,
    codes,
    enrolled,
    housing_provider,
    officer,
    participant,
    permit,
    plant,
    released_to,
    supervisor,
)
from tests.fixtures.service_app import ServiceApp
from tests.fixtures.site_days import site_today
from tests.fixtures.statements import statements_of

NOW = datetime.now(UTC)
TODAY = site_today().isoformat()
TOMORROW = (NOW + timedelta(days=1)).isoformat()
SOON = (NOW + timedelta(hours=2)).isoformat()

RECORDS: dict[str, tuple[str, str, dict[str, Any], Category]] = {
    "recordEncounter": (
        "encounter", "encounters",
        {"mode": "STREET_OUTREACH", "outcome": "MET", "occurredOn": TODAY, "minutes": 40},
        Category.CASE_NOTES,
    ),
    "arrangeService": (
        "service", "servicesArranged",
        {"kind": "IDENTITY_PAPERS", "provider": "Example office", "arrangedOn": TODAY},
        Category.GOALS_PLAN,
    ),
    "recordIncome": (
        "income", "incomeHistory",
        {"anySource": "YES", "monthlyCents": 94300, "sources": ["SSI"], "asOf": TODAY},
        Category.INCOME,
    ),
    "addBenefit": (
        "benefit", "benefits", {"kind": "SNAP", "appliedOn": TODAY}, Category.INCOME,
    ),
    "recordNaloxone": (
        "naloxone", "naloxone",
        {"givenOn": TODAY, "kits": 2, "givenTo": "PARTICIPANT", "wasShown": "YES"}, Category.SUD,
    ),
    "recordOverdose": (
        "overdose", "overdoses",
        {"occurredOn": TODAY, "outcome": "SURVIVED", "toldBy": "PARTICIPANT"}, Category.SUD,
    ),
    "makeAppointment": (
        "appointment", "appointments",
        {"kind": "COURT", "startsAt": TOMORROW, "remindBy": "CALL", "remindAt": SOON},
        Category.GOALS_PLAN,
    ),
}  # fmt: skip


async def record(
    service: ServiceApp, who: str, mutation: str, asking: Any = None, **more: Any
) -> dict[str, Any]:
    name, _, given, _ = RECORDS[mutation]
    return await change(
        service, asking or case_manager(), mutation, f"{name} {{ id recordedByName }}",
        participantId=who, **{**given, **more},
    )  # fmt: skip


async def count(service: ServiceApp, asking: Any, who: str, field: str) -> int | None:
    query = f"query($id: ID!) {{ participant(id: $id) {{ {field} {{ totalCount }} }} }}"
    found = (await service.graphql(asking, query, {"id": who})).data["participant"]
    if found is None or found[field] is None:
        return None
    total: int = found[field]["totalCount"]
    return total


@pytest.mark.parametrize("mutation", RECORDS)
async def test_a_record_is_the_agencys_until_a_release_names_its_category(
    participants: ServiceApp, mutation: str
) -> None:
    name, field, _, category = RECORDS[mutation]
    who, _ = await enrolled(participants)
    payload = await record(participants, who, mutation)
    assert payload["userErrors"] == []
    assert payload[name]["recordedByName"] == "Avery Sample-Okafor"
    assert await count(participants, supervisor(), who, field) == 1
    assert await count(participants, officer(), who, field) is None
    partner = housing_provider(**{category.value: "r"})
    for each in (Category.IDENTITY, Category.HOUSING):
        await participants.apply_facts([released_to(who, HOUSING_PROVIDER, category=each)])
    assert await count(participants, partner, who, field) == 0
    await participants.apply_facts([released_to(who, HOUSING_PROVIDER, category=category)])
    assert await count(participants, partner, who, field) == 1
    refused = await record(participants, who, mutation, partner)
    assert codes(refused) == ["NOT_FOUND"]
    unassigned = await record(participants, who, mutation, case_manager("case_manager_unassigned"))
    assert codes(unassigned) == ["NOT_FOUND"]


@pytest.mark.parametrize(
    ("mutation", "given", "code"),
    [
        ("recordEncounter", {"occurredOn": "2999-01-01"}, "DATE_IN_FUTURE"),
        ("recordEncounter", {"minutes": 0}, "NUMBER_RANGE"),
        ("recordEncounter", {"place": " "}, "TEXT_LENGTH"),
        ("arrangeService", {"provider": "x" * 301}, "TEXT_LENGTH"),
        ("recordIncome", {"anySource": "NO"}, "ANSWER_CONTRADICTS"),
        ("recordIncome", {"sources": []}, "ANSWER_CONTRADICTS"),
        ("recordIncome", {"monthlyCents": -1}, "NUMBER_RANGE"),
        ("addBenefit", {"appliedOn": "2999-01-01"}, "DATE_IN_FUTURE"),
        ("recordNaloxone", {"kits": 0}, "NUMBER_RANGE"),
        ("recordOverdose", {"occurredOn": "2999-01-01"}, "DATE_IN_FUTURE"),
        ("makeAppointment", {"remindAt": None}, "REMINDER_INCOMPLETE"),
        ("makeAppointment", {"remindAt": "2999-01-01T00:00:00Z"}, "DATE_ORDER"),
    ],
)
async def test_what_is_no_record_is_refused(
    participants: ServiceApp, mutation: str, given: dict[str, Any], code: str
) -> None:
    who, _ = await enrolled(participants)
    assert codes(await record(participants, who, mutation, **given)) == [code]
    assert await count(participants, case_manager(), who, RECORDS[mutation][1]) == 0


async def test_income_keeps_its_history(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    await record(participants, who, "recordIncome", asOf="2026-01-01")
    await record(
        participants, who, "recordIncome", asOf="2026-03-01", anySource="NO", sources=[],
        monthlyCents=None,
    )  # fmt: skip
    query = """query($id: ID!) { participant(id: $id) { income { anySource codeSystem }
      incomeHistory(order: OLDEST_FIRST) { edges { node { monthlyCents sources } } } } }"""
    found = (await participants.graphql(case_manager(), query, {"id": who})).data["participant"]
    assert found["income"] == {"anySource": "NO", "codeSystem": "urn:hud:hmis:2026:4.02"}
    assert [edge["node"]["monthlyCents"] for edge in found["incomeHistory"]["edges"]] == [
        94300, None,
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("begin", "step", "key", "path", "refused"),
    [
        ("arrangeService", "recordServiceOutcome", "serviceId", ("WAITING", "BEGUN"), "ARRANGED"),
        ("addBenefit", "moveBenefit", "benefitId", ("NOT_GRANTED", "APPEALING"), "ENDED"),
        ("makeAppointment", "closeAppointment", "appointmentId", ("NOT_KEPT", "KEPT"), "PLANNED"),
    ],
)
async def test_a_record_moves_and_every_move_is_kept(
    participants: ServiceApp, begin: str, step: str, key: str, path: tuple[str, ...], refused: str
) -> None:
    who, _ = await enrolled(participants)
    name = RECORDS[begin][0]
    made = (await record(participants, who, begin))[name]
    given = {key: made["id"], "happenedOn": TODAY, "remark": "As it was told."}
    selection = f"{name} {{ state version history {{ edges {{ node {{ toState remark }} }} }} }}"
    for version, state in enumerate(path, start=1):
        payload = await change(
            participants, case_manager(), step, selection,
            expectedVersion=version, state=state, **given,
        )  # fmt: skip
        assert (payload[name]["state"], payload[name]["version"]) == (state, version + 1)
    moves = [edge["node"]["toState"] for edge in payload[name]["history"]["edges"]]
    assert moves == list(path)
    again = await change(
        participants, case_manager(), step, selection,
        expectedVersion=len(path) + 1, state=refused, **given,
    )  # fmt: skip
    assert codes(again) == ["STEP_NOT_ALLOWED"]
    stale = await change(
        participants, case_manager(), step, selection, expectedVersion=1, state=path[0], **given
    )
    assert codes(stale) == ["VERSION_CONFLICT"]


async def test_an_appointment_is_moved_and_reminded_of_anew(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    made = (await record(participants, who, "makeAppointment"))["appointment"]
    selection = "appointment { remindedAt startsAt version }"
    reminded = await change(
        participants, case_manager(), "recordReminder", selection,
        appointmentId=made["id"], expectedVersion=1,
    )  # fmt: skip
    assert reminded["appointment"]["remindedAt"] is not None
    later = (NOW + timedelta(days=3)).isoformat()
    moved = await change(
        participants, case_manager(), "moveAppointment", selection,
        appointmentId=made["id"], expectedVersion=2, startsAt=later,
    )  # fmt: skip
    assert moved["appointment"] == {"remindedAt": None, "startsAt": later, "version": 3}


async def test_moving_an_appointment_leaves_what_nobody_spoke_of(participants: ServiceApp) -> None:
    who, _ = await enrolled(participants)
    starts, remind = NOW + timedelta(days=9), (NOW + timedelta(days=8)).isoformat()
    made = await change(
        participants, case_manager(), "makeAppointment", "appointment { id version }",
        participantId=who, kind="TRANSPORT", startsAt=starts.isoformat(),
        place="Clinic, door 4", remindBy="CALL", remindAt=remind,
    )  # fmt: skip
    assert made["userErrors"] == []
    seen = []
    changes: list[dict[str, Any]] = [
        {}, {"place": "Clinic, door 7"}, {"place": None}, {"remindBy": "NONE", "remindAt": None},
    ]  # fmt: skip
    for version, said in enumerate(changes, start=1):
        moved = await change(
            participants, case_manager(), "moveAppointment",
            "appointment { place remindBy remindAt }", appointmentId=made["appointment"]["id"],
            expectedVersion=version, startsAt=(starts + timedelta(hours=version)).isoformat(),
            **said,
        )  # fmt: skip
        assert moved["userErrors"] == []
        seen.append(tuple(moved["appointment"].values()))
    assert seen == [
        ("Clinic, door 4", "CALL", remind),
        ("Clinic, door 7", "CALL", remind),
        (None, "CALL", remind),
        (None, "NONE", None),
    ]


async def hides_treatment(service: ServiceApp, mutation: str) -> bool:
    """A partner with the plan alone does not learn that treatment was arranged."""
    who, _ = await enrolled(service)
    await record(service, who, mutation)
    await record(service, who, mutation, kind="SUBSTANCE_USE_TREATMENT")
    for each in (Category.IDENTITY, Category.GOALS_PLAN):
        await service.apply_facts([released_to(who, HOUSING_PROVIDER, category=each)])
    partner = housing_provider(GOALS_PLAN="r", SUD="r")
    field = RECORDS[mutation][1]
    assert await count(service, case_manager(), who, field) == 2
    return await count(service, partner, who, field) == 1


@pytest.mark.parametrize("mutation", ["arrangeService", "makeAppointment"])
async def test_help_that_tells_of_treatment_needs_that_category(
    participants: ServiceApp, mutation: str
) -> None:
    assert await hides_treatment(participants, mutation)


@pytest.mark.parametrize(
    ("mutation", "module"), [("arrangeService", arrangements), ("makeAppointment", appointments)]
)
async def test_planted_help_that_needs_nothing_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch, mutation: str, module: Any
) -> None:
    plant(monkeypatch, module, "TELLING_HELP", {})
    assert not await hides_treatment(participants, mutation)


async def keeps_whereabouts(service: ServiceApp) -> bool:
    """A partner who may read contacts, and not where somebody is, gets no place."""
    who, _ = await enrolled(service)
    await record(service, who, "recordEncounter", place="Under the bridge.")
    query = "query($id: ID!) { participant(id: $id) { encounters { edges { node { place } } } } }"

    async def place(asking: Any) -> Any:
        found = (await service.graphql(asking, query, {"id": who})).data["participant"]
        return found["encounters"]["edges"][0]["node"]["place"]

    for each in (Category.IDENTITY, Category.CASE_NOTES):
        await service.apply_facts([released_to(who, HOUSING_PROVIDER, category=each)])
    assert await place(case_manager()) == "Under the bridge."
    return await place(housing_provider(CASE_NOTES="r")) is None


async def test_where_somebody_was_met_needs_contact(participants: ServiceApp) -> None:
    assert await keeps_whereabouts(participants)


async def test_planted_place_as_part_of_the_contact_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def with_the_contact(_loader: encounters.PlaceLoader, asking: Any) -> Any:
        return select(EncounterRow.id, EncounterRow.place).where(
            EncounterRow.id == IDS, encounters.encounter_visible(asking)
        )

    plant(monkeypatch, encounters.PlaceLoader, "statement", with_the_contact)
    assert not await keeps_whereabouts(participants)


async def keeps_what_others_told(service: ServiceApp) -> bool:
    """Own record: no contacts with others about one, no overdoses that others told of (D04)."""
    who, _ = await enrolled(service)
    holder = subject_holder(account("participant"))
    await service.apply_facts([permit(who, holder, Basis.SELF)])
    await record(service, who, "recordEncounter")
    await record(service, who, "recordEncounter", mode="COLLATERAL")
    await record(service, who, "recordOverdose")
    await record(service, who, "recordOverdose", toldBy="SOMEBODY_ELSE")
    own = participant()
    seen = [await count(service, own, who, field) for field in ("encounters", "overdoses")]
    return seen == [1, 1]


async def test_what_others_have_told_is_no_part_of_the_own_record(
    participants: ServiceApp,
) -> None:
    assert await keeps_what_others_told(participants)


async def test_planted_overdose_told_by_others_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    nobody = SimpleNamespace(SOMEBODY_ELSE=SimpleNamespace(value="NOBODY"))
    plant(monkeypatch, safety, "ToldBy", nobody)
    assert not await keeps_what_others_told(participants)


async def test_a_page_of_people_costs_no_more_statements_than_one(
    participants: ServiceApp,
) -> None:
    """N+1: everything of care, for one participant and for twenty, in as many statements."""
    query = """
    query($first: Int!) { participants(first: $first) { edges { node {
      id plan { hopes } income { anySource } assessments { edges { node {
        answers { item } scores { points } signedByName recordedByName } } }
      notes { edges { node { topics signOff { signedByName } text } } }
      goals { edges { node { steps { edges { node { recordedByName history { edges { node {
        toState } } } } } } } } }
      encounters { edges { node { place recordedByName } } }
      servicesArranged { edges { node { recordedByName history { edges { node { toState } } } } } }
      benefits { edges { node { history { edges { node { toState } } } } } }
      naloxone { edges { node { kits } } } overdoses { edges { node { outcome } } }
      fundSpending { edges { node { history { edges { node { toState } } } } } }
      documents { edges { node { parts } } }
      appointments { edges { node { place history { edges { node { toState } } } } } }
    } } } }
    """
    counts = []
    for first in (3, 20, 20):
        async with statements_of(participants) as statements:
            answer = await participants.graphql(supervisor(), query, {"first": first})
        assert len(answer.data["participants"]["edges"]) == first
        counts.append(len(statements))
    assert counts[1] == counts[2] <= counts[0] + 2
    assert counts[1] <= 45


MACHINES: dict[str, Any] = {
    "service": arrangement_rules.STEPS,
    "benefit": income_rules.STEPS,
    "appointment": appointment_rules.STEPS,
}


@pytest.mark.parametrize("machine", MACHINES)
@given(dice=st.randoms(use_true_random=False))
def test_random_steps_go_only_where_they_may(machine: str, dice: Any) -> None:
    steps = MACHINES[machine]
    states = list(steps)
    state = states[0]
    for _ in range(40):
        wanted = dice.choice(states)
        if wanted in steps[state]:
            check_step(steps, state, wanted, "state")
            state = wanted
        else:
            with pytest.raises(RuleError, match="steps are possible"):
                check_step(steps, state, wanted, "state")
    assert {each for allowed in steps.values() for each in allowed} <= set(steps)
