"""What people do on the legal side: meetings of the work group, and cases whose dates change."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Protocol
from uuid import uuid4

from infra.dev.demo.identifiers import demo_id
from svc_cases.conferences.rules import FIRST_WORDING

AGENDA = """query Agenda($id: ID!) { owgAgenda(id: $id) { totalCount edges { node {
  id question status participant { id } } } } }"""
STEP_OUT = """query StepOut($id: ID!) { owgAgenda(id: $id) { edges { node {
  mustStepOut { id name } } } } }"""
PUBLIC_CASE = """query PublicCase($number: String!) { caseByNumber(number: $number) {
  status leadLink { id } } }"""
RELATION = """query Relation($id: ID!) { leadLink(id: $id) {
  relation incidentTiming dateCorrections { field } case { version } } }"""


class Stage(Protocol):
    """What of a scenario's stage is used here; see ``tests.scenarios.stage``."""

    house: Any
    gateway: Any
    participant: str
    memory: dict[str, Any]

    def agency(self, key: str) -> str: ...

    def person(self, handle: str) -> str: ...

    async def ask(
        self, step: Mapping[str, Any], query: str, variables: Mapping[str, Any]
    ) -> Any: ...

    async def mutate(
        self, step: Mapping[str, Any], name: str, given: Mapping[str, Any], selection: str
    ) -> dict[str, Any]: ...


def staff_of(stage: Stage, persona: str) -> Mapping[str, Any]:
    """Return a persona of the demo."""
    subject = f"persona:{persona}"
    (row,) = [each for each in stage.house.document["staff"] if each["subject"] == subject]
    found: Mapping[str, Any] = row
    return found


async def _as(stage: Stage, who: str, name: str, given: Mapping[str, Any], payload: str) -> Any:
    return await stage.mutate({"who": who}, name, given, payload)


async def hold_meeting(stage: Stage, step: Mapping[str, Any]) -> None:
    """The project manager invites people, who pledge."""
    soon = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    meeting = "meeting { id version }"
    made = await stage.mutate(
        step, "scheduleMeeting", {"startsAt": soon, "place": "Room 3"}, meeting
    )
    stage.memory["meeting"] = made["meeting"]["id"]
    await _move(stage, step["who"], "AGENDA_OPEN", made["meeting"]["version"])
    for persona in step["invited"]:
        row = staff_of(stage, persona)
        given = {
            "meetingId": stage.memory["meeting"], "accountId": row["id"],
            "agencyId": row["agency_id"], "role": row["role"],
        }  # fmt: skip
        await _as(stage, step["who"], "inviteAttendee", given, meeting)
        version = FIRST_WORDING.version
        pledged = {"meetingId": stage.memory["meeting"], "pledgeVersion": version}
        await _as(stage, persona, "signPledge", pledged, meeting)


async def _move(stage: Stage, who: str, status: str, version: int) -> None:
    given = {"meetingId": stage.memory["meeting"], "status": status, "expectedVersion": version}
    await _as(stage, who, "moveMeeting", given, "meeting { id }")


async def put_on_agenda(stage: Stage, step: Mapping[str, Any]) -> None:
    """The case manager proposes the participant, and the project manager admits the item."""
    given = {
        "meetingId": stage.memory["meeting"], "participantId": stage.participant,
        "topic": "CONCERN", "question": "What would help with the next court date?",
    }  # fmt: skip
    item = (await stage.mutate(step, "proposeAgendaItem", given, "item { id version }"))["item"]
    admitted = {"itemId": item["id"], "status": "ADMITTED", "expectedVersion": item["version"]}
    await _as(stage, "project_manager", "moveAgendaItem", admitted, "item { id }")
    stage.memory["item"] = item["id"]


async def open_agenda(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody opens the agenda: sees exactly these items, and counts no other."""
    answer = await stage.ask(step, AGENDA, {"id": stage.memory["meeting"]})
    page = (answer.body.get("data") or {}).get("owgAgenda") or {"edges": [], "totalCount": 0}
    seen = [edge["node"]["id"] for edge in page["edges"] if edge["node"]]
    expected = [stage.memory[name] for name in step["sees"]]
    assert seen == expected, (step, answer.body)
    assert page["totalCount"] == len(expected), (step, answer.body)


async def ask_who_steps_out(stage: Stage, step: Mapping[str, Any]) -> None:
    """The chair asks who must step out: these agencies, by name."""
    answer = await stage.ask(step, STEP_OUT, {"id": stage.memory["meeting"]})
    (edge,) = answer.body["data"]["owgAgenda"]["edges"]
    out = {each["id"] for each in edge["node"]["mustStepOut"]}
    assert out == {stage.agency(each) for each in step["recipients"]}, (step, answer.body)
    assert all(each["name"] for each in edge["node"]["mustStepOut"])


async def new_case(stage: Stage, step: Mapping[str, Any]) -> None:
    """A case of the participant's is on the docket, with days told from the enrollment."""
    (row,) = await stage.house.services["participants"].rows(
        "select enrolled_on from enrollment where participant_id = cast(:id as uuid)"
        " order by enrolled_on desc limit 1",
        id=stage.participant,
    )
    stage.memory["enrolled_on"] = row["enrolled_on"]
    number, case_id = f"S-{uuid4().hex[:10]}", uuid4()
    days = {key: _day(stage, step[key]) for key in ("incident", "filed")}
    await stage.house.services["cases"].execute(
        "insert into legal_case (id, number, court_id, site_id, prosecutor_agency_id,"
        " defendant_given_name, defendant_family_name, status, incident_on, filed_on, version)"
        " select cast(:id as uuid), cast(:number as varchar), id, site_id,"
        " cast(:office as uuid), 'Sam', 'Example-Scenario', 'PENDING', cast(:incident as date),"
        " cast(:filed as date), 1 from court where id = cast(:court as uuid)",
        id=case_id, number=number, office=demo_id("agency", "cedar-prosecutor"),
        court=demo_id("agency", "cedar-court"), **days,
    )  # fmt: skip
    given = {"participantId": stage.participant, "caseNumber": number}
    matched = await stage.mutate(step, "matchCase", given, "leadLink { id }")
    stage.memory |= {"link": matched["leadLink"]["id"], "case": str(case_id), "number": number}


def _day(stage: Stage, days: int) -> date:
    enrolled_on: date = stage.memory["enrolled_on"]
    return enrolled_on + timedelta(days=days)


async def open_public_case(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody opens the case by its number: the public record; a tie only where it may show."""
    found = [
        (await stage.ask(step, PUBLIC_CASE, {"number": number})).body["data"]["caseByNumber"]
        for number in (stage.memory["number"], await _untied(stage))
    ]
    assert [each["status"] for each in found] == ["PENDING", "PENDING"]
    ties = [each["leadLink"] for each in found]
    assert ties == [{"id": stage.memory["link"]} if step["tied"] else None, None], (step, found)


async def _untied(stage: Stage) -> str:
    """Return the number of a case that is nobody's here."""
    number = f"N-{uuid4().hex[:10]}"
    await stage.house.services["cases"].execute(
        "insert into legal_case (id, number, court_id, site_id, prosecutor_agency_id,"
        " defendant_given_name, defendant_family_name, status, incident_on, filed_on, version)"
        " select cast(:id as uuid), cast(:number as varchar), court_id, site_id,"
        " prosecutor_agency_id, 'Kim', 'Example-Scenario', 'PENDING', incident_on, filed_on, 1"
        " from legal_case where number = cast(:like as varchar)",
        id=uuid4(), number=number, like=stage.memory["number"],
    )  # fmt: skip
    return number


async def read_relation(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody reads how the case relates to the enrollment."""
    answer = await stage.ask(step, RELATION, {"id": stage.memory["link"]})
    link = answer.body["data"]["leadLink"]
    timing = link["incidentTiming"]
    assert link["relation"] == step["relation"], answer.body
    assert timing == step.get("timing"), answer.body
    assert len(link["dateCorrections"] or ()) == step.get("corrections", 0), answer.body


async def correct_filing(stage: Stage, step: Mapping[str, Any]) -> None:
    """The office corrects the day of filing."""
    given = {
        "caseId": stage.memory["case"], "correctedOn": str(_day(stage, step["filed"])),
        "reason": "The stamp was read wrongly", "expectedVersion": 1,
    }  # fmt: skip
    query = """mutation Run($input: CorrectDateInput!) { correctFilingDate(input: $input) {
      userErrors { code } } }"""
    variables = {"input": {"idempotencyKey": uuid4().hex, **given}}
    answer = await stage.ask(step, query, variables)
    assert answer.body["data"]["correctFilingDate"]["userErrors"] == [], answer.body


async def correct_enrollment(stage: Stage, step: Mapping[str, Any]) -> None:
    """The provider corrects days of the enrollment; days are told from the first one."""
    for field, days in step["days"].items():
        look = "query($id: ID!) { participant(id: $id) { enrollment { id version } } }"
        found = await stage.ask(step, look, {"id": stage.participant})
        stay = found.body["data"]["participant"]["enrollment"]
        given = {
            "enrollmentId": stay["id"], "expectedVersion": stay["version"], "field": field,
            "correctedOn": str(_day(stage, days)), "reason": "PAPER_DIFFERS",
        }  # fmt: skip
        await stage.mutate(step, "correctEnrollmentDate", given, "enrollment { id }")


ACTIONS: dict[str, Callable[[Any, Mapping[str, Any]], Awaitable[None]]] = {
    "hold a meeting": hold_meeting,
    "put on the agenda": put_on_agenda,
    "open the agenda": open_agenda,
    "ask who steps out": ask_who_steps_out,
    "be charged": new_case,
    "open the public case": open_public_case,
    "read the relation": read_relation,
    "correct the filing date": correct_filing,
    "correct the enrollment": correct_enrollment,
}
STEP_WORDS = {"tied", "invited", "incident", "filed", "relation", "timing", "corrections", "days"}
