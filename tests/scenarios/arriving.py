"""From the scene on the street towards an enrollment: what people do, and what time does."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from infra.dev.demo.identifiers import demo_id
from tests.scenarios.legal import Stage

FORM = {
    "account": "Took a jacket; asked for help.", "urgency": "NOW", "personIsAware": "YES",
    "interceptPoint": "LAW_ENFORCEMENT", "counterfactual": "WOULD_BOOK",
}  # fmt: skip
OWN = "{ myReferrals(first: 100) { edges { node { id receipt status intakeStanding } } } }"
STANDING = """query($id: ID!) { referral(id: $id) {
  status decisionReason intakeStanding clocks { kind } } }"""
JUDGED = """query($id: ID!) { referral(id: $id) {
  decisionReason judgement { judgedAs findings { aspect isOpen } } } }"""
PREVIEW = """query($id: ID!) { protocolPreview(id: $id) {
  wouldAccept(first: 100) { edges { node { id } } } } }"""
WHOM = "query($id: ID!) { referral(id: $id) { participant { id } } }"
STATES = """{ __type(name: "ReferralStatus") { enumValues { name } } }"""


async def refer(stage: Stage, step: Mapping[str, Any]) -> None:
    """An officer refers somebody instead of booking them."""
    given = {
        "incidentNumber": "26-102", "offenceCode": "90J",
        "form": {**FORM, "person": {"givenName": "Lee", "familyName": f"Lapse-{uuid4().hex[:6]}"}},
    }  # fmt: skip
    made = await stage.mutate(step, "submitArrestDiversion", given, "referral { id }")
    stage.memory["referral"] = made["referral"]["id"]
    found = await stage.ask({"who": "project_manager"}, WHOM, {"id": stage.memory["referral"]})
    stage.participant = found.body["data"]["referral"]["participant"]["id"]


async def refer_young(stage: Stage, step: Mapping[str, Any]) -> None:
    """An officer refers somebody of this age instead of booking them."""
    today = datetime.now(UTC).date()
    born = today - timedelta(days=round(365.25 * (step["age"] + 0.5)))  # no birthday is near
    exclusions = ("OPEN_TREATMENT_COURT", "NO_CONTACT_ORDER")
    given = {
        "incidentNumber": "26-110", "offenceCode": "90J",
        "form": {
            **FORM, "person": {"alias": f"Kid-{uuid4().hex[:6]}", "dateOfBirth": born.isoformat()},
            "exclusionAnswers": [{"code": each, "applies": "NO"} for each in exclusions],
        },
    }  # fmt: skip
    made = await stage.mutate(step, "submitArrestDiversion", given, "referral { id }")
    stage.memory["referral"] = made["referral"]["id"]


async def read_judgement(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody who screens reads what the protocol says of the referral, and by which criterion."""
    answer = await stage.ask(step, JUDGED, {"id": stage.memory["referral"]})
    found = answer.body["data"]["referral"]
    judged = found["judgement"]
    assert judged["judgedAs"] == step["judged"], answer.body
    assert judged["findings"] == [{"aspect": each, "isOpen": False} for each in step["by"]]
    assert found["decisionReason"] == step.get("reason")


async def decide(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody who screens decides on the referral, or is told what is still missing."""
    given = {
        "referralId": stage.memory["referral"], "expectedVersion": await _version(stage),
        "decision": step["decision"],
        **({"reason": step["reason"]} if "reason" in step else {}),
        **({"providerAgencyId": stage.agency("cm")} if step["decision"] == "APPROVE" else {}),
    }  # fmt: skip
    await stage.mutate(step, "decideReferral", given, "")


async def preview_age(stage: Stage, step: Mapping[str, Any]) -> None:
    """A draft with another minimum age is held against the past; it judges nothing yet."""
    draft = {
        "title": f"From {step['age']} years on", "effectiveOn": "2099-01-01",
        "minimumAgeYears": step["age"], "charges": [{"nibrs": "90J"}],
    }  # fmt: skip
    made = await stage.mutate(step, "authorProtocol", draft, "protocol { id }")
    answer = await stage.ask(step, PREVIEW, {"id": made["protocol"]["id"]})
    edges = answer.body["data"]["protocolPreview"]["wouldAccept"]["edges"]
    accepted = stage.memory["referral"] in [edge["node"]["id"] for edge in edges]
    assert accepted is step["accepts"], answer.body


async def _version(stage: Stage) -> int:
    (row,) = await stage.house.services["participants"].rows(
        "select version from referral where id = cast(:id as uuid)", id=stage.memory["referral"]
    )
    return int(row["version"])


async def _do(stage: Stage, who: str, name: str, selection: str = "", **given: Any) -> Any:
    about = {"referralId": stage.memory["referral"], "expectedVersion": await _version(stage)}
    return await stage.mutate({"who": who}, name, {**about, **given}, selection)


async def begin_intake(stage: Stage, step: Mapping[str, Any]) -> None:
    """It is approved, somebody is assigned and reaches the person, who agrees; intake begins."""
    provider = str(demo_id("agency", "cedar-cm"))
    await _do(stage, step["who"], "decideReferral", decision="APPROVE", providerAgencyId=provider)
    assigned = {
        "participantId": stage.participant,
        "accountId": str(demo_id("staff", "case_manager")),
    }
    await stage.mutate({"who": "cm_supervisor"}, "assignCaseManager", assigned, "")
    for status in ("OUTREACH", "CONTACTED", "ACCEPTED_BY_PERSON"):
        await _do(stage, "case_manager", "recordOutreach", status=status)
    await _do(stage, "case_manager", "startIntake", "enrollment { id }", consentToContact="YES")


async def let_days_pass(stage: Stage, step: Mapping[str, Any]) -> None:
    """Days go by: the clocks of the referral began as long ago as that."""
    await stage.house.services["participants"].execute(
        "update referral_clock set started_at = started_at - make_interval(days => :days)"
        " where referral_id = cast(:id as uuid)",
        id=stage.memory["referral"],
        days=step["days"],
    )


async def read_standing(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody reads how far the intake is: this word, no reason and no clock."""
    answer = await stage.ask(step, STANDING, {"id": stage.memory["referral"]})
    found = (answer.body.get("data") or {}).get("referral")
    if "standing" not in step:
        assert found is None, answer.body
        return
    assert found is not None, answer.body
    told = (found["intakeStanding"], found["decisionReason"], found["clocks"])
    assert told == (step["standing"], None, None), answer.body


async def read_thanks(stage: Stage, step: Mapping[str, Any]) -> None:
    """Who referred reads the own referral: thanks, and nothing of what became of it."""
    answer = await stage.ask(step, OWN, {})
    rows = [edge["node"] for edge in answer.body["data"]["myReferrals"]["edges"]]
    (found,) = [each for each in rows if each["id"] == stage.memory["referral"]]
    told = (found["receipt"], found["status"], found["intakeStanding"])
    assert told == ("Received, thank you.", None, None)


async def record_lapse(stage: Stage, step: Mapping[str, Any]) -> None:
    """The case manager records that the intake lapsed: what can come next is this."""
    selection = "referral { status possibleSteps }"
    lapsed = await _do(stage, step["who"], "recordOutreach", selection, status="INTAKE_LAPSED")
    assert lapsed["referral"] == {"status": "INTAKE_LAPSED", "possibleSteps": step["possible"]}


async def look_for_failure(stage: Stage, step: Mapping[str, Any]) -> None:
    """No state of a referral says that somebody failed."""
    answer = await stage.ask(step, STATES, {})
    names = [each["name"] for each in answer.body["data"]["__type"]["enumValues"]]
    assert "INTAKE_LAPSED" in names
    assert not [each for each in names if "FAIL" in each]


async def ask_on_call(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody asks who is on call: whoever the supervisor put there, with a number to ring."""
    now = datetime.now(UTC)
    given = {
        "accountId": str(demo_id("staff", "case_manager")), "dutyPhone": "206-555-0143",
        "startsAt": (now - timedelta(hours=1)).isoformat(),
        "endsAt": (now + timedelta(hours=6)).isoformat(),
    }  # fmt: skip
    await stage.mutate({"who": "cm_supervisor"}, "putOnCall", given, "")
    answer = await stage.ask(step, "{ onCall { dutyPhone } }", {})
    phones = [each["dutyPhone"] for each in answer.body["data"]["onCall"]]
    assert "206-555-0143" in phones, answer.body


ACTIONS: dict[str, Callable[[Any, Mapping[str, Any]], Awaitable[None]]] = {
    "refer a person": refer,
    "refer a young person": refer_young,
    "read the judgement": read_judgement,
    "decide on the referral": decide,
    "preview a minimum age": preview_age,
    "begin the intake": begin_intake,
    "let days pass": let_days_pass,
    "read the standing": read_standing,
    "read the thanks": read_thanks,
    "record the lapse": record_lapse,
    "look for a failure": look_for_failure,
    "ask who is on call": ask_on_call,
}
STEP_WORDS = {
    "days", "standing", "possible", "age", "judged", "by", "reason", "decision", "accepts",
}  # fmt: skip
