"""What people do about training: assign, record results, and a site that asks for it first."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import uuid4

from infra.dev.demo.identifiers import demo_id
from tests.scenarios.legal import Stage, staff_of

SETTING = "conference_training_required"
SESSION = "8020-1"  # completes LEAD 101 before case conferences
OFFICE_ADMIN, OFFICE_MANAGER = "prosecutors_administrator", "prosecutors_training_manager"
OFFICE = "cedar-prosecutor"
SERVING = "{ colleagues(first: 100) { edges { node { accountId name } } } }"
PEOPLE = "{ personnel(first: 100) { edges { node { id accountId } } } }"


async def _entry(stage: Stage, step: Mapping[str, Any]) -> str:
    """Return the roster entry of the person that the step is about."""
    staff = staff_of(stage, step["trains"])
    answer = await stage.ask(step, PEOPLE, {})
    nodes = [edge["node"] for edge in answer.body["data"]["personnel"]["edges"]]
    (found,) = [node["id"] for node in nodes if node["accountId"] == staff["id"]]
    return str(found)


async def _administrator(stage: Stage) -> None:
    """Give the office an administrator, as a platform has one for each: the demo has none there."""
    ids = {
        "id": demo_id("staff", OFFICE_ADMIN), "grant": demo_id("grant", OFFICE_ADMIN),
        "agency": demo_id("agency", OFFICE), "site": demo_id("site", "cedar-falls"),
        "subject": f"persona:{OFFICE_ADMIN}",
    }  # fmt: skip
    consent = stage.house.services["consent"]
    await consent.execute(
        "insert into account (id, issuer, external_subject, name, is_blocked, created_at, version)"
        " values (:id, 'dev', :subject, 'An administrator', false, now(), 1)"
        " on conflict do nothing",
        id=ids["id"], subject=ids["subject"],
    )  # fmt: skip
    await consent.execute(
        "insert into role_grant (id, account_id, agency_id, site_id, role, is_liaison, starts_at,"
        " reason, granted_at, version) values (:grant, :id, :agency, :site, 'AGA', false, now(),"
        " 'test', now(), 1) on conflict do nothing",
        **{name: ids[name] for name in ("grant", "id", "agency", "site")},
    )


async def make_training_manager(stage: Stage, step: Mapping[str, Any]) -> None:
    """The office's administrator adds a colleague, and makes them its training manager."""
    await _administrator(stage)
    added = {
        "agencyId": str(demo_id("agency", OFFICE)), "login": f"persona:{OFFICE_MANAGER}",
        "name": "A colleague", "reason": "New here", "idempotencyKey": OFFICE_MANAGER,
    }  # fmt: skip
    made = await stage.mutate({"who": step["who"]}, "addAccount", added, "accountId")
    given = {"accountId": made["accountId"], "role": "TRM", "reason": "Trains the office"}
    await stage.mutate(step, "grantRole", given, "roleGrant { id }")


async def put_on_roster(stage: Stage, step: Mapping[str, Any]) -> None:
    """The training manager puts somebody on the roster, under the login of the office's list.

    A login that is not on it is sent all the same where it is to be refused.
    """
    staff = staff_of(stage, step["trains"])
    answer = await stage.ask(step, SERVING, {})
    named = [edge["node"] for edge in answer.body["data"]["colleagues"]["edges"]]
    logins = [each["accountId"] for each in named if each["name"] == staff["name"]]
    assert logins == ([] if "refused" in step else [staff["id"]]), (step, named)
    given_name, _, family_name = staff["name"].partition(" ")
    given = {
        "givenName": given_name, "familyName": family_name, "appointmentType": "CIVILIAN",
        "accountId": staff["id"],
    }  # fmt: skip
    await stage.mutate(step, "addPersonnel", given, "personnel { id }")


async def ask_for_training(stage: Stage, step: Mapping[str, Any]) -> None:
    """The platform's administrator has the site ask for training, or no longer."""
    answer = await stage.ask(step, "{ sharingSettings { version } }", {})
    version = answer.body["data"]["sharingSettings"][0]["version"]
    given = {
        "name": SETTING, "value": step["value"], "reason": "Counsel has looked at it",
        "expectedVersion": version,
    }  # fmt: skip
    await stage.mutate(step, "changeSharingSetting", given, "sharingSettings { name value }")


async def assign(stage: Stage, step: Mapping[str, Any]) -> None:
    """The training manager assigns the session."""
    given = {
        "sessionNumber": SESSION, "category": "LEAD",
        "personnelIds": [await _entry(stage, step)],
    }  # fmt: skip
    payload = await stage.mutate(step, "assignSession", given, "outcomes { outcome }")
    assert payload["outcomes"][0]["outcome"] in ("ASSIGNED", "ALREADY_ASSIGNED"), payload


async def record_result(stage: Stage, step: Mapping[str, Any]) -> None:
    """The training manager records who was there, or corrects it."""
    result = {"personnelId": await _entry(stage, step), "attendance": step["attendance"]}
    given = {"sessionNumber": SESSION, "results": [result]}
    payload = await stage.mutate(step, "recordResults", given, "outcomes { outcome }")
    assert payload["outcomes"][0]["outcome"] in ("RECORDED", "CORRECTED"), payload


def _words(stage: Stage, who: str, agency: str) -> Mapping[str, str]:
    staff = staff_of(stage, who)
    return {"role": staff["role"], "agency": stage.agency(agency), "site": staff["site_id"]}


async def come_with_claims(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody asks with a token that claims the role at an agency: taken, or refused whole."""
    claims = [_words(stage, step["who"], step["agency"])]
    answer = await stage.gateway.ask(
        f"persona:{step['who']}", "{ __typename }", purpose="LEAD_LEGAL_COORD", claims=claims
    )
    assert answer.status == step["http_status"], answer.body
    if answer.status != 200:
        claimed = f"{claims[0]['role']}@{claims[0]['agency']}"
        stage.memory.setdefault("claimed", []).append(claimed)
        without = await stage.gateway.ask("persona:nobody", "{ __typename }")
        assert answer.body == without.body, "it says more than that there is no such grant"


async def read_alerts(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody lists claims that nothing confirmed: of this scenario's, these are there, in order.

    What others have claimed before in the same world is listed as well.
    """
    query = "{ claimMismatches(first: 100) { edges { node { claimed issuer times } } } }"
    answer = await stage.ask(step, query, {})
    page = (answer.body.get("data") or {}).get("claimMismatches") or {"edges": []}
    listed = [edge["node"]["claimed"] for edge in page["edges"]]
    told = [each for each in listed if each in stage.memory["claimed"]]
    expected = [f"{word}@{stage.agency(agency)}" for word, agency in step["alerts"].items()]
    assert told == expected, answer.body


async def _people(stage: Stage, step: Mapping[str, Any]) -> list[str]:
    return [
        str(uuid4()) if each == "absent" else await _entry(stage, {**step, "trains": each})
        for each in step["people"]
    ]


def _no_participant(stage: Stage, payload: object) -> None:
    text = str(payload)
    assert not [row["id"] for row in stage.house.document["participants"] if row["id"] in text]


async def assign_people(stage: Stage, step: Mapping[str, Any]) -> None:
    """The training manager assigns the session to several: each is told of by name of outcome."""
    given = {
        "sessionNumber": SESSION, "category": "LEAD", "personnelIds": await _roster(stage, step),
    }  # fmt: skip
    payload = await stage.mutate(step, "assignSession", given, "outcomes { personnelId outcome }")
    assert [each["outcome"] for each in payload["outcomes"]] == step["told_each"], payload
    _no_participant(stage, payload)


async def record_results(stage: Stage, step: Mapping[str, Any]) -> None:
    """The training manager records who was there, for several."""
    results = [
        {"personnelId": each, "attendance": step["attendance"]}
        for each in await _roster(stage, step)
    ]
    given = {"sessionNumber": SESSION, "results": results}
    payload = await stage.mutate(step, "recordResults", given, "outcomes { personnelId outcome }")
    assert [each["outcome"] for each in payload["outcomes"]] == step["told_each"], payload
    _no_participant(stage, payload)


async def _roster(stage: Stage, step: Mapping[str, Any]) -> list[str]:
    """Return the roster entries of people, the same in every step of a scenario."""
    known = stage.memory.setdefault("roster", {})
    for name, entry in zip(step["people"], await _people(stage, step), strict=True):
        known.setdefault(name, entry)
    return [known[name] for name in step["people"]]


ACTIONS: dict[str, Callable[[Any, Mapping[str, Any]], Awaitable[None]]] = {
    "ask for training": ask_for_training,
    "make a training manager": make_training_manager,
    "put on the roster": put_on_roster,
    "assign the course": assign,
    "record the result": record_result,
    "assign people": assign_people,
    "record results": record_results,
    "come with claims": come_with_claims,
    "read the alerts": read_alerts,
}
STEP_WORDS = {"trains", "attendance", "value", "alerts", "people", "told_each"}
