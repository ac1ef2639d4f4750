"""Pairs of worlds that differ in what one asker may not see, and whether the asker can tell."""

import random
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from tests.proof.hidden_edits import TABLES, Edit, Hidden, Table
from tests.proof.house import House
from tests.proof.observations import Client, Observation, Step
from tests.proof.oracle.consent import World, stand
from tests.proof.pairs import Asking

_ABSENT = "00000000-0000-4000-8000-00000000000a"

_PERSON = """query($p: ID!) { participant(id: $p) { __typename id name { given family }
  dateOfBirth aliases { name } contact { phone usualPlaces emergencyContact { name } }
  demographics { preferredLanguage race } enrolledOn enrollment { status enrolledOn }
  enrollments { totalCount edges { node { id intakeCompletedOn exitReason } } }
  progressSummary { nothingToAdd statement engagement barriers whatWouldHelp } } }"""
_RECORDS = """query($p: ID!) { participant(id: $p) { id
  notes(first: 2) { totalCount pageInfo { hasNextPage } edges { node { id text mode } } }
  goals(first: 2) { totalCount pageInfo { hasNextPage } edges { node { id ownWords state } } }
  housing { situation } housingHistory(first: 2) { totalCount pageInfo { hasNextPage }
    edges { node { id situation asOf } } }
  progressSummary { nothingToAdd statement }
  progressSummaryWordings { totalCount edges { node { id statement } } }
  assignments { totalCount edges { node { id startsOn caseManagerName } } }
  referrals { totalCount edges { node { id account status } } } } }"""
_LEGAL = """query($p: ID!) { participant(id: $p) { id enrolledOn
  legalCases { totalCount edges { node { id relation incidentTiming coordinationStatus
    isDivertedArrest case { caseNumber leadLink { id } } warrants { id status issuedOn }
    filingDecision { decision reason decidedOn } } } }
  courtLetters { id statement status }
  counsel { totalCount } releases { totalCount edges { node { id number formVersion } } } } }"""
_PEOPLE = """query($after: String) { participants(first: 4, after: $after) { totalCount
  pageInfo { hasNextPage endCursor } edges { node { id name { family } dateOfBirth
    contact { phone } notes(first: 1) { totalCount edges { node { text } } } } } } }"""
_CASELOAD = """query($after: String) { caseload(first: 4, after: $after) { totalCount
  pageInfo { hasNextPage endCursor } edges { node { id name { family } } } } }"""
_CHOSEN = """query($after: String) {
  participants(first: 4, after: $after, order: LATEST_CONTACT_FIRST) { totalCount
    pageInfo { hasNextPage endCursor } edges { node { id name { family } } } }
  active: participants(first: 4, status: ENROLLED_ACTIVE) { totalCount edges { node { id } } }
  nobodys: participants(first: 4, isAssigned: false) { totalCount edges { node { id } } }
  caseload(first: 4, inactiveReason: CUSTODY) { totalCount edges { node { id } } }
  referralQueue(first: 5, urgency: NOW) { totalCount edges { node { id status } } } }"""
_OWN = """query($after: String) { myReferrals(first: 3, after: $after) { totalCount
  pageInfo { hasNextPage endCursor } edges { node { id receipt status account
    participant { id name { family } } } } } }"""
_QUEUE = """{ referralQueue(first: 5) { totalCount edges { node { id status account } } } }"""
_REFERRAL = """query($r: ID!) { referral(id: $r) { id receipt account status decisionReason
  urgency participant { id name { family } } } }"""
_CASE = """query($n: String!) { caseByNumber(number: $n) { id caseNumber status defendantName
  leadLink { id relation coordinationStatus isDivertedArrest warrants { status }
    filingDecision { decision reason } participant { id name { family } } } } }"""
_LINK = """query($l: ID!) { leadLink(id: $l) { id relation coordinationStatus
  filingDecision { decision reason } warrants { status } participant { id } } }"""
_AGENDA = """query($m: ID!) { owgAgenda(id: $m) { totalCount edges { node { id topic question status
  notes { body } actions { what status } mustStepOut { id } participant { id } } } } }"""
_SIGN = """mutation($p: ID!, $k: String!) { signRelease(input: { participantId: $p,
  provisions: [], signature: {}, idempotencyKey: $k }) { userErrors { code field } } }"""
_CONTACT = """mutation($p: ID!, $k: String!) { updateContact(input: { participantId: $p,
  expectedVersion: 77, idempotencyKey: $k }) { userErrors { code field } } }"""

_LISTS = (
    Step(_PEOPLE, follow="participants"),
    Step(_CASELOAD, follow="caseload"),
    Step(_OWN, follow="myReferrals"),
    Step(_QUEUE),
)
_BY_TABLE = {
    "participant": (_PERSON, _LEGAL),
    "participant_contact": (_PERSON,),
    "participant_demographics": (_PERSON,),
    "participant_alias": (_PERSON,),
    "enrollment": (_PERSON, _LEGAL),
    "caseload_assignment": (_RECORDS,),
    "case_note": (_RECORDS,),
    "goal": (_RECORDS,),
    "housing_status": (_RECORDS,),
    "progress_summary": (_RECORDS, _PERSON),
    "referral": (_RECORDS,),
    "lead_link": (_LEGAL,),
    "filing_decision": (_LEGAL,),
    "warrant": (_LEGAL,),
    "release": (_LEGAL,),
    "court_letter": (_LEGAL,),
}


@dataclass(frozen=True)
class Found:
    """One difference that an asker could see, and what was hidden from them."""

    asking: Asking
    what: str
    before: Observation
    after: Observation

    def __str__(self) -> str:
        return (
            f"{self.asking.subject} {self.asking.purpose}: {self.what}\n"
            f"  {self.before.status} {self.before.body[:600]!r}\n"
            f"  {self.after.status} {self.after.body[:600]!r}\n"
            f"  {sorted(set(self.before.headers) ^ set(self.after.headers))}"
            f" {self.before.length} {self.after.length}"
        )


class Pairs:
    """Draws pairs over one house and compares what the asker sees of each."""

    def __init__(
        self,
        house: House,
        client: Client,
        world: World,
        dice: random.Random,
        askings: Sequence[Asking],
    ) -> None:
        self._house = house
        self._client = client
        self._world = world
        self._dice = dice
        self._askings = askings

    async def run(
        self, most: int, *, tables: Sequence[str] = (), roles: Sequence[str] = ()
    ) -> AsyncIterator[Found | None]:
        """Yield the outcome of each pair: None where nothing could be told apart.

        Args:
            most: pairs at most.
            tables: tables to edit; ``@person`` and ``@referral`` stand for a hidden id beside an
                absent one. All when empty.
            roles: who is asked as; everybody when empty.
        """
        chosen = [*(each.name for each in TABLES), "@person", "@person", "@referral"]
        askings = [each for each in self._askings if not roles or each.role in roles]
        done = 0
        for _ in range(most * 20):  # many draws find nothing that is hidden
            if done >= most:
                return
            asking = self._dice.choice(askings)
            name = self._dice.choice(tables or chosen)
            if name.startswith("@"):
                outcome = await self._hidden_beside_absent(asking, name)
            else:
                outcome = await self._edited(asking, next(t for t in TABLES if t.name == name))
            if outcome is not False:
                done += 1
                yield outcome if isinstance(outcome, Found) else None

    async def _hidden_beside_absent(self, asking: Asking, name: str) -> Found | bool:
        """Ask for somebody hidden, and for an id that names nobody."""
        asker = stand(self._world, asking.subject, asking.purpose)
        if isinstance(asker, int):
            return False
        hidden = Hidden(self._world, asker)
        if name == "@person":
            ids = [
                str(row["id"])
                for row in self._world.tables["participant"]
                if hidden.is_nobody(str(row["id"]))
            ]
        else:
            table = next(each for each in TABLES if each.name == "referral")
            ids = [str(row["id"]) for row in hidden.rows(table)]
        if not ids:
            return False
        known = self._dice.choice(ids)
        if name == "@person":
            key = {"k": "FRESH KEY"}
            queries = [_PERSON, _RECORDS, _LEGAL]
            steps = [Step(query, {"p": known}) for query in self._dice.sample(queries, 2)]
            steps += [Step(query, {"p": known, **key}) for query in (_SIGN, _CONTACT)]
        else:
            steps = [Step(_REFERRAL, {"r": known})]
        before = await self._client.observe(asking, steps)
        absent = [
            replace(
                step, variables={k: _ABSENT if v == known else v for k, v in step.variables.items()}
            )
            for step in steps
        ]
        after = await self._client.observe(asking, absent)
        return _compare(asking, f"{name} {known} beside an absent one", before, after)

    async def _edited(self, asking: Asking, table: Table) -> Found | bool:
        asker = stand(self._world, asking.subject, asking.purpose)
        if isinstance(asker, int):
            return False
        edits = Hidden(self._world, asker).edits(table, self._dice)
        if not edits:
            return False
        edit = edits[0]
        steps = self._steps(edit)
        before = await self._client.observe(asking, steps)
        await edit.apply(self._house)
        try:
            if self._dice.random() < 0.4:  # somebody else looks in between
                other = self._dice.choice(self._askings)
                await self._client.observe(other, steps[:1])
            after = await self._client.observe(asking, steps)
        finally:
            await edit.revert(self._house)
        what = f"{edit.kind} {table.name}.{edit.column} of {edit.row.get('id')}"
        return _compare(asking, what, before, after)

    def _steps(self, edit: Edit) -> list[Step]:
        dice, table = self._dice, edit.table.name
        steps = [dice.choice(_LISTS)]
        if table in _BY_TABLE:
            steps.append(Step(dice.choice(_BY_TABLE[table]), {"p": edit.participant}))
        if table.startswith("owg_"):
            (item,) = self._world.rows("owg_item", id=edit.row.get("item_id", edit.row["id"]))
            steps.append(Step(_AGENDA, {"m": item["meeting_id"]}))
        if table == "referral":
            steps += [Step(_REFERRAL, {"r": str(edit.row["id"])}), Step(_QUEUE)]
        if table in ("enrollment", "caseload_assignment", "referral"):
            steps.append(Step(_CHOSEN, follow="participants"))
        if table in ("lead_link", "filing_decision", "warrant", "enrollment"):
            links = self._world.rows("lead_link", participant_id=edit.participant)
            for link in links[:1]:
                (case,) = self._world.rows("legal_case", id=link["case_id"])
                steps.append(Step(_CASE, {"n": case["number"]}))
                steps.append(Step(_LINK, {"l": str(link["id"])}))
        dice.shuffle(steps)
        return steps


def _compare(
    asking: Asking, what: str, before: Sequence[Observation], after: Sequence[Observation]
) -> Found | bool:
    for one, other in zip(before, after, strict=False):
        if one != other:
            return Found(asking, what, one, other)
    if len(before) != len(after):
        return Found(asking, f"{what}: another number of pages", before[-1], after[-1])
    return True
