"""An agency leaves and comes back, and why somebody was told nothing: who may know reads both."""

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from tests.scenarios.arriving import FORM
from tests.scenarios.legal import Stage

CONCERNED = """query Concerned($id: ID!) {
  agencyGrants(agencyId: $id, first: 100) { totalCount edges { node { status } } }
  withdrawalPreview(agencyId: $id) { roles people agreements }
  agencyHistory(agencyId: $id, first: 10) { edges { node { kind reason } } }
  agency(id: $id) { memberships { status } } }"""
TOLD = """query Told($id: ID!, $agency: ID!) { participant(id: $id) {
  accounting(first: 100, agencyId: $agency) { edges { node { kind outcome } } } } }"""
WHY = """query Why($id: ID!, $agency: ID!) { participant(id: $id) {
  releases(first: 100) { edges { node { status } } }
  accounting(first: 5, agencyId: $agency) { edges { node { outcome } } } } }"""
ATTEMPTS = """select count(*) as n from ledger_about join participant_pseudonym using (pseudonym)
  join ledger_entry using (lane, sequence)
  where participant_id = cast(:id as uuid) and entry->>'agencyId' = cast(:agency as text)"""


async def refer_from_community(stage: Stage, step: Mapping[str, Any]) -> None:
    """A partner of the community refers somebody: thanked, or refused whole."""
    person = {"alias": f"Sleeper {uuid4().hex[:6]}", "estimatedBirthYear": 1989}
    form = {
        **FORM, "counterfactual": "WOULD_NOT_ACT", "interceptPoint": "COMMUNITY_SERVICES",
        "person": person,
    }  # fmt: skip
    query = """mutation Run($input: SubmitCommunityReferralInput!) {
      submitCommunityReferral(input: $input) { receipt userErrors { code } } }"""
    given = {"idempotencyKey": uuid4().hex, "concern": "Sleeps by the door.", "form": form}
    answer = await stage.ask({**step, "purpose": "LEAD_REFERRAL"}, query, {"input": given})
    stored = await stage.house.services["participants"].rows(
        "select 1 from referral where person_alias = cast(:alias as varchar)", alias=person["alias"]
    )
    assert len(stored) == (1 if answer.status == 200 else 0), answer.body


async def list_concerned(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody lists what an agency's withdrawal has ended: every role, and what is left of it."""
    answer = await stage.ask(step, CONCERNED, {"id": stage.agency(step["agency"])})
    found = answer.body["data"]
    grants = [edge["node"]["status"] for edge in found["agencyGrants"]["edges"]]
    assert grants, "nobody held a role there"
    assert len(grants) == found["agencyGrants"]["totalCount"]
    assert set(grants) == set(step["roles"]), answer.body
    left = found["withdrawalPreview"]
    assert (left["roles"], left["people"]) == (0, 0), answer.body
    assert found["agency"]["memberships"][0]["status"] == step["membership"], answer.body
    done = [edge["node"] for edge in found["agencyHistory"]["edges"]]
    assert {"kind": "MEMBERSHIP_CHANGED", "reason": "WITHDRAWN: It leaves"} in done, answer.body


async def sign_memorandum(stage: Stage, step: Mapping[str, Any]) -> None:
    """The platform's administrator records that the agency has signed again."""
    now = datetime.now(UTC)
    given = {
        "agencyId": stage.agency(step["agency"]), "reason": "It comes back",
        "startsAt": now.isoformat(), "endsAt": (now + timedelta(days=365)).isoformat(),
    }  # fmt: skip
    await stage.mutate(step, "signMou", given, "agency { id }")


async def find_told(stage: Stage, step: Mapping[str, Any]) -> None:
    """Somebody who may read the accounting finds what an agency was told, gone or not."""
    variables = {"id": stage.participant, "agency": stage.agency(step["agency"])}
    answer = await stage.ask(step, TOLD, variables)
    rows = answer.body["data"]["participant"]["accounting"]["edges"]
    assert step["told"] in [edge["node"] for edge in rows], answer.body


async def tell_reasons_apart(stage: Stage, step: Mapping[str, Any]) -> None:
    """The privacy officer reviews each record: the attempt is there, and why it was in vain.

    Whoever asked was told the same about all of them. Who is at another site is that site's to
    review; the ledger has the attempt, as it has none about nobody.
    """
    agency, found = stage.agency(step["agency"]), {}
    for handle in step["reasons"]:
        person = stage.person(handle)
        (attempts,) = await stage.house.services["consent"].rows(ATTEMPTS, id=person, agency=agency)
        if handle in ("other_site", "absent"):
            found[handle] = ["ELSEWHERE" if attempts["n"] else "NOBODY"]
            continue
        assert attempts["n"], f"no attempt about {handle}"
        review = {"participantId": person, "reason": "Who asked, and why not?"}
        await stage.mutate(step, "openReview", review, "reviewId")
        answer = await stage.ask(step, WHY, {"id": person, "agency": agency})
        seen = answer.body["data"]["participant"]
        newest = seen["accounting"]["edges"][0]["node"]
        assert newest == {"outcome": "ATTEMPT"}, (handle, answer.body)
        statuses = {edge["node"]["status"] for edge in seen["releases"]["edges"]}
        found[handle] = sorted(statuses) or ["NOTHING_SIGNED"]
    assert found == step["reasons"], found
    assert len({tuple(each) for each in found.values()}) == len(found)


ACTIONS: dict[str, Callable[[Any, Mapping[str, Any]], Awaitable[None]]] = {
    "refer from the community": refer_from_community,
    "list what has ended": list_concerned,
    "sign a new memorandum": sign_memorandum,
    "find in the accounting": find_told,
    "tell the reasons apart": tell_reasons_apart,
}
STEP_WORDS = {"roles", "membership", "reasons"}
