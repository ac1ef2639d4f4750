"""From the street to enrollment, through the gateway: scenarios 1, 2 and 6 of the domain."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest

from infra.dev.demo.identifiers import demo_id
from tests.fixtures.participants_service import INTAKE
from tests.fixtures.site_days import site_today
from tests.proof.house import Gateway, House
from tests.scenarios.stage import PURPOSES, asked

PROVIDER, POLICE, PROSECUTOR, PROVIDER_OF_TREATMENT, DEFENDER = (
    str(demo_id("agency", f"cedar-{key}"))
    for key in ("cm", "police", "prosecutor", "sud", "defender")
)
FORM = {
    "account": "Took a jacket; asked for help.", "urgency": "NOW", "personIsAware": "YES",
    "interceptPoint": "LAW_ENFORCEMENT", "counterfactual": "WOULD_BOOK",
}  # fmt: skip
OWN = """{ myReferrals(first: 100) { edges { node {
  id receipt status intakeStanding participant { id } } } } }"""
SEEN = """query($id: ID!) { participant(id: $id) { name { given } enrollment { status } } }"""
STANDING = """query($id: ID!) { referral(id: $id) {
  status intakeStanding clocks { kind state pauses { reason } } } }"""


def ago(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()


@dataclass
class Street:
    """Who does what, through the gateway."""

    house: House
    gateway: Gateway

    async def ask(self, who: str, query: str, **variables: Any) -> Any:
        """Ask as a persona; returns the data."""
        purpose = "LEAD_REFERRAL" if who == "community_partner" else PURPOSES[who]
        answer = await asked(self.gateway, f"persona:{who}", query, variables, purpose)
        return answer.body["data"]

    async def do(self, who: str, name: str, selection: str = "", **given: Any) -> Any:
        """Run a mutation as a persona; nothing may be refused."""
        kind = f"{name[0].upper()}{name[1:]}Input"
        query = (
            f"mutation Run($input: {kind}!) {{ {name}(input: $input) {{ {selection}"
            " userErrors { code } } }"
        )
        given = {"input": {"idempotencyKey": uuid4().hex, **given}}
        payload = (await self.ask(who, query, **given))[name]
        assert payload["userErrors"] == [], (name, payload)
        await self.house.settled()
        return payload

    async def refer(self, **person: Any) -> str:
        """The officer refers somebody instead of booking them."""
        made = await self.do(
            "officer", "submitArrestDiversion", "referral { id }", incidentNumber="26-100",
            offenceCode="90J", form={**FORM, "person": person},
        )  # fmt: skip
        return str(made["referral"]["id"])

    async def participant_of(self, referral_id: str) -> str:
        """Return whom the project manager screens."""
        query = "query($id: ID!) { referral(id: $id) { participant { id } } }"
        found = await self.ask("project_manager", query, id=referral_id)
        return str(found["referral"]["participant"]["id"])

    async def version(self, referral_id: str) -> int:
        """Return the version of a referral, as its table has it."""
        (row,) = await self.house.services["participants"].rows(
            "select version from referral where id = cast(:id as uuid)", id=referral_id
        )
        return int(row["version"])

    async def bring_to_intake(self, referral_id: str) -> tuple[str, str]:
        """Approve, assign, reach, agree, begin the intake; returns participant and enrollment."""
        who = await self.participant_of(referral_id)
        await self.do(
            "project_manager", "decideReferral", referralId=referral_id, decision="APPROVE",
            expectedVersion=await self.version(referral_id), providerAgencyId=PROVIDER,
        )  # fmt: skip
        await self.do(
            "cm_supervisor", "assignCaseManager", participantId=who,
            accountId=str(demo_id("staff", "case_manager")),
        )  # fmt: skip
        for status in ("OUTREACH", "CONTACTED", "ACCEPTED_BY_PERSON"):
            await self.do(
                "case_manager", "recordOutreach", referralId=referral_id, status=status,
                expectedVersion=await self.version(referral_id),
            )  # fmt: skip
        begun = await self.do(
            "case_manager", "startIntake", "enrollment { id }", referralId=referral_id,
            expectedVersion=await self.version(referral_id), consentToContact="YES",
        )  # fmt: skip
        return who, str(begun["enrollment"]["id"])

    async def enroll(self, participant_id: str, enrollment_id: str) -> None:
        """The intake is complete and signed today."""
        today = site_today().isoformat()
        taken = await self.do(
            "case_manager", "recordAssessment", "assessment { id version }",
            participantId=participant_id, instrument="lead-intake", instrumentVersion=1,
            takenOn=today, answers=list(INTAKE),
        )  # fmt: skip
        await self.do(
            "case_manager", "signAssessment", assessmentId=taken["assessment"]["id"],
            expectedVersion=taken["assessment"]["version"],
        )  # fmt: skip
        await self.do(
            "case_manager", "enroll", enrollmentId=enrollment_id, expectedVersion=1,
            enrolledOn=today, intakeCompletedOn=today,
        )  # fmt: skip

    async def hold(self, participant_id: str, report: str) -> dict[str, Any]:
        """The liaison records the arrest that was diverted, and holds it; returns the match."""
        found = await self.ask("prosecutor", "{ statutes { code } courts { code } }")
        made = await self.do(
            "prosecutor", "recordCase", "legalCase { leadLink { id version } }",
            number=f"{report}-{uuid4().hex[:8]}", court="cedar-court", givenName="Ruby",
            familyName="Streetwise", statutes=[found["statutes"][0]["code"]],
            incidentOn=(datetime.now(UTC) - timedelta(days=2)).date().isoformat(),
            participantId=participant_id, isDivertedArrest=True,
        )  # fmt: skip
        link = made["legalCase"]["leadLink"]
        decided = await self.do(
            "prosecutor", "recordFilingDecision", "leadLink { coordinationStatus relation }",
            linkId=link["id"], expectedVersion=link["version"], decision="HELD_FOR_LEAD",
            reason="The person is with LEAD.",
        )  # fmt: skip
        return dict(decided)

    async def sign(self, participant_id: str, *agencies: str, more: tuple[str, ...] = ()) -> None:
        """The person signs for these agencies."""
        categories = ["IDENTITY", "ENROLLMENT", "ELIGIBILITY", *more]
        provisions = [
            {"recipientAgencyId": each, "categories": categories,
             "purposes": ["LEAD_COORD", "LEAD_LEGAL_COORD"]}
            for each in agencies
        ]  # fmt: skip
        await self.do(
            "case_manager", "signRelease", participantId=participant_id, kind="GENERAL",
            formVersion="GENERAL@2026-01", expiresAt=ago(-60 * 24 * 30), covers=[],
            signature={"signedAt": ago(1), "method": "WET_INK"}, provisions=provisions,
        )  # fmt: skip


@pytest.fixture
def street(scenario_house: House, scenario_gateway: Gateway) -> Street:
    """The house, on the street."""
    return Street(scenario_house, scenario_gateway)


async def officer_knows(street: Street, referral_id: str) -> dict[str, Any]:
    edges = (await street.ask("officer", OWN))["myReferrals"]["edges"]
    (node,) = [edge["node"] for edge in edges if edge["node"]["id"] == referral_id]
    return dict(node)


async def test_1_arrest_diversion_from_the_scene_to_enrollment(street: Street) -> None:
    """Given somebody on call; when an officer refers and calls; then they meet in 25 minutes."""
    await street.do(
        "cm_supervisor", "putOnCall", accountId=str(demo_id("staff", "case_manager")),
        dutyPhone="206-555-0142", startsAt=ago(60), endsAt=ago(-600),
    )  # fmt: skip
    referral_id = await street.refer(givenName="Ruby", familyName="Streetwise")
    called = await street.do(
        "officer", "requestHandoff", "handoff { id state }",
        referralId=referral_id, requestedAt=ago(25), place="3rd and Pike",
    )  # fmt: skip
    handoff_id, selection = called["handoff"]["id"], "handoff { state minutes isWithinTarget }"
    for version, (state, minutes) in enumerate(
        (("HANDOFF_EN_ROUTE", 19), ("HANDOFF_MET", 0)), start=1
    ):
        met = await street.do(
            "case_manager", "recordHandoff", selection, handoffId=handoff_id,
            expectedVersion=version, state=state, happenedAt=ago(minutes),
        )  # fmt: skip
    assert met["handoff"] == {"state": "HANDOFF_MET", "minutes": 25, "isWithinTarget": True}
    who, enrollment_id = await street.bring_to_intake(referral_id)
    # Until the release is signed, the officer has the receipt and nothing else.
    known = await officer_knows(street, referral_id)
    assert (known["receipt"], known["status"], known["participant"]) == (
        "Received, thank you.", None, None,
    )  # fmt: skip
    for outsider in ("officer", "prosecutor"):
        assert (await street.ask(outsider, SEEN, id=who))["participant"] is None
    await street.sign(
        who, POLICE, PROSECUTOR, PROVIDER_OF_TREATMENT, DEFENDER,
        more=("GOALS_PLAN", "LEGAL_COORD"),
    )  # fmt: skip
    await street.enroll(who, enrollment_id)
    await street.do(
        "case_manager", "recordCounsel", participantId=who, agencyId=DEFENDER,
        defenderAccountId=str(demo_id("staff", "defender")),
        confirmedOn=site_today().isoformat(),
    )  # fmt: skip
    written = await street.do(
        "case_manager", "writeProgressSummary", "summary { id version }",
        participantId=who, statement="Keeps every appointment.", engagement="IN_TOUCH",
    )  # fmt: skip
    summary = written["summary"]
    await street.do(
        "case_manager", "approveProgressSummary", summaryId=summary["id"],
        expectedVersion=summary["version"],
    )  # fmt: skip
    held = await street.hold(who, "26-100")
    assert held["leadLink"] == {"coordinationStatus": "HELD_FOR_LEAD", "relation": "DIVERTED"}
    for named in ("officer", "prosecutor", "defender"):
        seen = (await street.ask(named, SEEN, id=who))["participant"]
        assert seen == {"name": {"given": "Ruby"}, "enrollment": {"status": "ENROLLED_ACTIVE"}}
    query = "query($id: ID!) { participant(id: $id) { progressSummary { statement } } }"
    # NO_ADVERSE_USE comes along with every such answer: tests/platform/test_explain.py.
    told = (await street.ask("prosecutor", query, id=who))["participant"]["progressSummary"]
    assert told == {"statement": "Keeps every appointment."}


async def test_2_intake_that_lapses_says_so_and_never_why(street: Street) -> None:
    """Given 14 days have gone by; then a release shows "not completed", no reason, and a way on."""
    referral_id = await street.refer(givenName="Lapsed", familyName="Intake")
    who, _ = await street.bring_to_intake(referral_id)
    await street.sign(who, PROSECUTOR, more=("REFERRAL", "LEGAL_COORD"))
    await street.hold(who, "26-101")

    async def relation() -> str:
        cases = """query($id: ID!) { participant(id: $id) {
          legalCases { edges { node { relation } } } } }"""
        found = (await street.ask("prosecutor", cases, id=who))["participant"]["legalCases"]
        (edge,) = found["edges"]
        return str(edge["node"]["relation"])

    assert await relation() == "DIVERTED"
    await street.house.services["participants"].execute(
        "update referral_clock set started_at = started_at - interval '16 days'"
        " where referral_id = cast(:id as uuid)",
        id=referral_id,
    )
    shown = (await street.ask("prosecutor", STANDING, id=referral_id))["referral"]
    assert shown["intakeStanding"] == "NOT_COMPLETED"
    assert shown["clocks"] is None
    assert (await officer_knows(street, referral_id))["intakeStanding"] is None
    lapsed = await street.do(
        "case_manager", "recordOutreach", "referral { status possibleSteps }",
        referralId=referral_id, expectedVersion=await street.version(referral_id),
        status="INTAKE_LAPSED",
    )  # fmt: skip
    assert lapsed["referral"] == {"status": "INTAKE_LAPSED", "possibleSteps": ["OUTREACH"]}
    # The arrest stays the one that was diverted, and the person can enroll all the same.
    assert await relation() == "DIVERTED"
    for status in ("OUTREACH", "CONTACTED", "ACCEPTED_BY_PERSON"):
        await street.do(
            "case_manager", "recordOutreach", referralId=referral_id, status=status,
            expectedVersion=await street.version(referral_id),
        )  # fmt: skip
    begun = await street.do(
        "case_manager", "startIntake", "enrollment { id }", referralId=referral_id,
        expectedVersion=await street.version(referral_id), consentToContact="YES",
    )  # fmt: skip
    await street.enroll(who, begun["enrollment"]["id"])
    assert await relation() == "DIVERTED"
    seen = (await street.ask("prosecutor", SEEN, id=who))["participant"]
    assert seen["enrollment"] == {"status": "ENROLLED_ACTIVE"}


async def test_6_two_referrals_of_one_person_keep_both_receipts(street: Street) -> None:
    """Given a business and an officer refer "Red"; when the manager merges; then neither learns."""
    first = await street.refer(givenName="Michael", familyName="T.", alias="Redd Fox",
                               estimatedBirthYear=1988)  # fmt: skip
    made = await street.do(
        "community_partner", "submitCommunityReferral", "receipt referral { id }",
        concern="Sleeps by the door.",
        form={**FORM, "counterfactual": "WOULD_NOT_ACT", "interceptPoint": "COMMUNITY_SERVICES",
              "person": {"alias": "Redd Fox", "estimatedBirthYear": 1989}},
    )  # fmt: skip
    second = made["referral"]["id"]
    one, other = [await street.participant_of(each) for each in (first, second)]
    query = """query($id: ID!) { participant(id: $id) { possibleDuplicates {
      score reasons { aspect } participant { id } } } }"""
    found = (await street.ask("project_manager", query, id=other))["participant"]
    (proposed,) = [each for each in found["possibleDuplicates"] if each["participant"]["id"] == one]
    assert {each["aspect"] for each in proposed["reasons"]} == {"ALIAS", "BIRTH"}
    await street.do(
        "project_manager", "mergePeople", survivingId=one, mergedId=other, reason="Same person."
    )
    await street.do(
        "project_manager", "decideReferral", referralId=second, decision="MARK_DUPLICATE",
        duplicateOfId=first, expectedVersion=await street.version(second),
    )  # fmt: skip
    # The earlier one's place in the queue is the survivor's.
    placed = "query($id: ID!) { referral(id: $id) { queuedSince submittedAt } }"
    stands = (await street.ask("project_manager", placed, id=first))["referral"]
    assert stands["queuedSince"] == stands["submittedAt"]
    receipts = []
    for who, own, foreign in (("officer", first, second), ("community_partner", second, first)):
        query = OWN.replace("status intakeStanding participant { id }", "")
        edges = (await street.ask(who, query))["myReferrals"]["edges"]
        nodes = {edge["node"]["id"]: edge["node"] for edge in edges}
        assert foreign not in nodes
        receipts.append(nodes[own]["receipt"])
    assert receipts == ["Received, thank you."] * 2
    undone = await street.do(
        "project_manager", "undoDuplicate", "referral { status }", referralId=second,
        expectedVersion=await street.version(second), reason="Two people after all.",
    )  # fmt: skip
    assert undone["referral"] == {"status": "SCREENING"}
