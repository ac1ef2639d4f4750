"""Runs one scenario: each step is one thing that somebody does through the gateway.

A scenario is a TOML file that a lawyer can read: sentences (`given`, `when`, `then`), and beside
each sentence the few words that the runner acts on. Every word is checked: an unknown one fails.
"""

import asyncio
import tomllib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from infra.dev.demo.identifiers import demo_id
from tests.proof.house import Gateway, House
from tests.scenarios import (
    arriving,
    devices,
    family,
    leaving,
    legal,
    merging,
    refiled,
    subpoenas,
    training,
    tricks,
)

FOLDER = Path(__file__).parent / "cases"
OUTAGE = "SERVICE_UNAVAILABLE"
PATIENCE_SECONDS = 60.0
LOOK = """query Look($id: ID!) { participant(id: $id) {
  name { given } contact { phone } enrollment { status } notes(first: 1) { edges { node { id } } }
  housing { __typename } progressSummary { __typename } } }"""
# What a look asks for, by the word that a scenario uses.
PARTS = {
    "name": "name", "contact": "contact", "enrollment": "enrollment", "notes": "notes",
    "housing": "housing", "summary": "progressSummary",
}  # fmt: skip
PURPOSES = {
    "officer": "LEAD_COORD", "le_supervisor": "LEAD_COORD", "case_manager": "CAREMGT",
    "cm_supervisor": "CAREMGT", "project_manager": "LEAD_COORD", "prosecutor": "LEAD_LEGAL_COORD",
    "defender": "LEAD_LEGAL_COORD", "probation": "LEAD_COORD", "sud_provider": "TREAT",
    "mh_provider": "TREAT", "housing_provider": "COC", "medic": "BTG", "participant": "PATRQT",
    "court_clerk": None, "agency_admin": "HSYSADMIN", "platform_admin": "HSYSADMIN",
    "staff_officer_two": "LEAD_COORD", "case_manager_unassigned": "CAREMGT",
    "case_manager_other_agency": "COC", "training_manager": "TRAINING_ADMIN",
    "privacy_officer": "RECORDMGT", "prosecutor_not_liaison": "LEAD_LEGAL_COORD",
    "evaluator": "LEAD_EVAL", "pcg_member": "LEAD_EVAL", "community_partner": "LEAD_REFERRAL",
    # Of no demo: whom scenario 33 brings in.
    training.OFFICE_ADMIN: "HSYSADMIN", training.OFFICE_MANAGER: "TRAINING_ADMIN",
}  # fmt: skip
_STEP_WORDS = {
    "given", "when", "then", "who", "does", "about", "purpose", "sees", "same_as_absent", "refused",
    "recipients", "categories", "purposes", "signature", "kind", "covers", "status", "missing",
    "said_minutes_ago", "signed_minutes_ago", "agency", "attests", "answer_contains", "told",
    "restricts", "http_status", "grant",
} | legal.STEP_WORDS | training.STEP_WORDS | tricks.STEP_WORDS | arriving.STEP_WORDS  # fmt: skip
_STEP_WORDS |= family.STEP_WORDS | leaving.STEP_WORDS | devices.STEP_WORDS | merging.STEP_WORDS
_STEP_WORDS |= refiled.STEP_WORDS | subpoenas.STEP_WORDS
_TOP_WORDS = {"number", "title", "rule", "participant", "steps"}


@dataclass(frozen=True, slots=True)
class Scenario:
    """One file."""

    number: int
    title: str
    rule: str
    participant: str
    steps: tuple[Mapping[str, Any], ...]


def read(path: Path) -> Scenario:
    """Read a scenario strictly."""
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    assert set(document) == _TOP_WORDS, f"{path.name}: {set(document) ^ _TOP_WORDS}"
    for step in document["steps"]:
        assert set(step) <= _STEP_WORDS, f"{path.name}: {set(step) - _STEP_WORDS}"
        assert {"given", "when", "then"} & set(step), f"{path.name}: a step without a sentence"
        assert step["does"] in ACTIONS, f"{path.name}: nobody can {step['does']}"
    return Scenario(**{**document, "steps": tuple(document["steps"])})


async def asked(
    gateway: Gateway, subject: str, query: str, variables: Mapping[str, Any], purpose: str | None
) -> Any:
    """Ask, and ask again while a part is away: a busy machine is no answer.

    A mutation is repeated with its key, so its effect comes once.
    """
    deadline = asyncio.get_running_loop().time() + PATIENCE_SECONDS
    while True:
        answer = await gateway.ask(subject, query, variables, purpose=purpose)
        codes = {e.get("extensions", {}).get("code") for e in answer.body.get("errors") or ()}
        if OUTAGE not in codes or asyncio.get_running_loop().time() > deadline:
            return answer
        await asyncio.sleep(0.2)


class Stage:
    """The house, and what a scenario has come to so far."""

    def __init__(self, house: House, gateway: Gateway, scenario: Scenario) -> None:
        self.house, self.gateway, self.scenario = house, gateway, scenario
        self.participant = self.person(scenario.participant)
        self.release: dict[str, Any] = {}
        self.memory: dict[str, Any] = {}

    @staticmethod
    def person(handle: str) -> str:
        """Return a participant's id; `absent` names nobody."""
        return str(uuid4()) if handle == "absent" else str(demo_id("participant", handle))

    @staticmethod
    def agency(key: str) -> str:
        """Return an agency's id by the last part of its key."""
        return str(demo_id("agency", f"cedar-{key}"))

    async def play(self) -> None:
        """Run every step in order."""
        for step in self.scenario.steps:
            await ACTIONS[step["does"]](self, step)

    async def ask(self, step: Mapping[str, Any], query: str, variables: Mapping[str, Any]) -> Any:
        """Ask as who the step names; returns the answer."""
        who = step["who"]
        purpose = step.get("purpose", PURPOSES[who])
        answer = await asked(self.gateway, f"persona:{who}", query, variables, purpose)
        if "http_status" in step:
            assert answer.status == step["http_status"], answer.body
        return answer

    async def mutate(
        self, step: Mapping[str, Any], name: str, given: Mapping[str, Any], selection: str
    ) -> dict[str, Any]:
        """Run a mutation; returns its payload, which is refused just as the step says."""
        kind = f"{name[0].upper()}{name[1:]}Input"
        query = (
            f"mutation Run($input: {kind}!) {{ {name}(input: $input) {{ {selection}"
            " userErrors { code } } }"
        )
        variables = {"input": {"idempotencyKey": uuid4().hex, **given}}
        answer = await self.ask(step, query, variables)
        payload = (answer.body.get("data") or {}).get(name)
        if step.get("refused") == "FORBIDDEN" and payload is None:
            return {}
        assert payload is not None, (step, answer.body)
        codes = [error["code"] for error in payload["userErrors"]]
        assert codes == ([step["refused"]] if "refused" in step else []), (step, payload)
        await self.house.settled()
        found: dict[str, Any] = payload
        return found

    async def sees(self, step: Mapping[str, Any], participant: str) -> tuple[list[str], Any]:
        """Look, and return the words for what was told, and the whole answer."""
        answer = await self.ask(step, LOOK, {"id": participant})
        found = ((answer.body.get("data") or {}).get("participant")) or {}
        told = []
        for word, key in PARTS.items():
            value = found.get(key)
            if word == "notes":
                value = (value or {}).get("edges")
            if value:
                told.append(word)
        return told, answer

    @staticmethod
    def shows(step: Mapping[str, Any], told: list[str], answer: Any) -> None:
        """Check that a look told exactly what the step says."""
        assert told == sorted(step["sees"], key=list(PARTS).index), (step, answer.body)


def _ago(minutes: float) -> str:
    return (datetime.now(UTC) - timedelta(minutes=minutes)).isoformat()


async def look(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody opens the record: sees exactly these parts."""
    participant = stage.person(step["about"]) if "about" in step else stage.participant
    told, answer = await stage.sees(step, participant)
    stage.shows(step, told, answer)
    if step.get("same_as_absent"):
        _, absent = await stage.sees(step, stage.person("absent"))
        assert orjson.dumps(answer.body) == orjson.dumps(absent.body), step
        assert answer.status == absent.status


async def sign(stage: Stage, step: Mapping[str, Any], ends_at: datetime | None = None) -> None:
    """Somebody records a signed form; it is good for thirty days unless said otherwise."""
    kind = step.get("kind", "GENERAL")
    end = (ends_at or datetime.now(UTC) + timedelta(days=30)).isoformat()
    signature = {
        "signedAt": _ago(step.get("signed_minutes_ago", 1)), "method": "WET_INK",
        **step.get("signature", {}),
    }  # fmt: skip
    whose = stage.person(step["about"]) if "about" in step else stage.participant
    form = {
        "participantId": whose, "kind": kind, "formVersion": f"{kind}@2026-01",
        "expiresAt": end, "covers": step.get("covers", []), "signature": signature,
        "provisions": [
            {
                "recipientAgencyId": stage.agency(each), "categories": step["categories"],
                "purposes": step["purposes"],
            }
            for each in step["recipients"]
        ],
        **({"documentSha256": stage.memory["photo"]} if step.get("photo") else {}),
    }  # fmt: skip
    selection = "release { id version status expiresAt missing { element citations } }"
    payload = await stage.mutate(step, "signRelease", form, selection)
    stage.release = payload["release"]
    assert stage.release["status"] == step.get("status", "ACTIVE"), payload
    for element, citation in step.get("missing", {}).items():
        (found,) = [each for each in stage.release["missing"] if each["element"] == element]
        assert citation in found["citations"]


async def revoke(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody records that the last release was taken back."""
    given = {
        "releaseId": stage.release["id"], "expectedVersion": stage.release["version"],
        "reason": "The person wishes so", "method": "ORAL",
    }  # fmt: skip
    payload = await stage.mutate(step, "revokeRelease", given, "release { status }")
    assert payload["release"]["status"] == "REVOKED"


async def revoke_all(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody records that everything was taken back, said at an earlier time."""
    given = {
        "participantId": stage.person(step["about"]) if "about" in step else stage.participant,
        "reason": "The person wishes so",
        "saidAt": _ago(step["said_minutes_ago"]), "method": "ORAL",
    }  # fmt: skip
    await stage.mutate(step, "revokeAllReleases", given, "releases { id }")


async def break_glass(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody asks for emergency access."""
    given = {
        "participantId": stage.participant, "recipientName": "P. Medic",
        "recipientFacility": "Ambulance 7", "discloser": "Golden Thread",
        "natureOfEmergency": "Overdose", "unobtainableBecause": "Not conscious",
        "attestsConsentCannotBeObtained": step["attests"],
    }  # fmt: skip
    await stage.mutate(step, "breakGlass", given, "endsAt")


async def report_misuse(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody reports that an agency misused what it knew."""
    given = {
        "participantId": stage.participant, "agencyId": stage.agency(step["agency"]),
        "what": "What LEAD told them was used for an arrest",
    }  # fmt: skip
    await stage.mutate(step, "reportMisuse", given, "isRecorded")


async def hand_in_subpoena(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody hands a subpoena in: the same neutral answer as about nobody."""
    given = {"kind": "SUBPOENA", "issuedBy": "Superior Court", "scope": "All case notes"}
    selection = "reply replyVersion"
    about = [stage.participant, stage.person("absent")]
    known, absent = [
        await stage.mutate(step, "recordLegalDemand", {**given, "participantId": each}, selection)
        for each in about
    ]
    assert known == absent
    assert step["answer_contains"] in known["reply"]


async def withdraw_agency(stage: Stage, step: Mapping[str, Any]) -> None:
    """An agency leaves the agreement."""
    agency_id = stage.agency(step["agency"])
    (row,) = await stage.house.services["consent"].rows(
        "select version from membership where agency_id = cast(:id as uuid)", id=agency_id
    )
    given = {
        "agencyId": agency_id, "status": "WITHDRAWN", "expectedVersion": row["version"],
        "reason": "It leaves",
    }  # fmt: skip
    await stage.mutate(step, "changeMembership", given, "agency { id }")


async def take_role_away(stage: Stage, step: Mapping[str, Any]) -> None:
    """An administrator takes somebody's role away."""
    grant_id = str(demo_id("grant", step["grant"]))
    (row,) = await stage.house.services["consent"].rows(
        "select version from role_grant where id = cast(:id as uuid)", id=grant_id
    )
    given = {"grantId": grant_id, "expectedVersion": row["version"], "reason": "Moved"}
    await stage.mutate(step, "revokeRole", given, "roleGrant { id }")


async def restrict(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody records the wish that an agency be told less."""
    given = {
        "participantId": stage.participant, "agencyId": stage.agency(step["agency"]),
        "reason": "The person wishes so",
    } | ({"category": step["restricts"]} if "restricts" in step else {})  # fmt: skip
    await stage.mutate(step, "restrictDisclosure", given, "restriction { id }")


async def read_accounting(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody reads who was told what: the newest disclosure is this, and the ledger agrees."""
    query = """query Told($id: ID!) { participant(id: $id) { accounting(first: 1) { totalCount
      edges { node { kind outcome categories purpose recipient { id } } } } } }"""
    answer = await stage.ask(step, query, {"id": stage.participant})
    found = answer.body["data"]["participant"]["accounting"]
    newest = found["edges"][0]["node"]
    agency = newest["recipient"]["id"] if newest["recipient"] else None
    told = {"agency": agency, "kind": newest["kind"], "outcome": newest["outcome"]}
    expected = {**step["told"], "agency": stage.agency(step["told"]["agency"])}
    assert told == expected, answer.body
    (row,) = await stage.house.services["consent"].rows(
        "select count(*) as n from ledger_about join participant_pseudonym using (pseudonym)"
        " where participant_id = cast(:id as uuid)",
        id=stage.participant,
    )
    # AU-14: the look at the accounting itself is recorded, after it was read.
    assert found["totalCount"] == row["n"] - 1


ACTIONS: dict[str, Callable[[Stage, Mapping[str, Any]], Awaitable[None]]] = {
    "look": look,
    "sign": sign,
    "revoke": revoke,
    "revoke everything": revoke_all,
    "break glass": break_glass,
    "report misuse": report_misuse,
    "hand in a subpoena": hand_in_subpoena,
    "withdraw an agency": withdraw_agency,
    "take a role away": take_role_away,
    "restrict": restrict,
    "read the accounting": read_accounting,
    **legal.ACTIONS,
    **training.ACTIONS,
    **tricks.ACTIONS,
    **arriving.ACTIONS,
    **family.ACTIONS,
    **leaving.ACTIONS,
    **devices.ACTIONS,
    **merging.ACTIONS,
    **refiled.ACTIONS,
    **subpoenas.ACTIONS,
}
