"""What the service shows equals what a slow, independent reading of the facts says.

Facts are drawn at random (permits and denials, for the agency, for the person or for anybody; of
any category, purpose and period); then every category of every participant is asked for in one
operation and compared. Planted twins overlook a part of the rule and must be told apart.
"""

import random
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from infra.authority import predicate
from infra.authority.changes import put_agency_window, put_visibility
from infra.authority.facts import Operation, VisibilityFact, agency_holder, subject_holder
from infra.batch_loader import KeptStatements
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category, Purpose, Role
from tests.fixtures.participants_service import person
from tests.fixtures.service_app import SITE_ID, ServiceApp, caller

AGENCY, ACCOUNT = str(UUID(int=7001)), str(UUID(int=7002))
PEOPLE = [person(f"p{number:03d}") for number in range(35, 46) if number != 45]
PURPOSES = (Purpose.COC, Purpose.TREAT, Purpose.LEAD_COORD)
NOW = datetime.now(UTC)
FIELDS: dict[Category, str] = {
    Category.IDENTITY: "name",
    Category.CONTACT: "contact",
    Category.DEMOGRAPHICS: "demographics",
    Category.ENROLLMENT: "enrolledOn",
    Category.GOALS_PLAN: "progressSummary",
}
COUNTS = {Category.CASE_NOTES: "notes"}
QUERY = """
query($keys: [_Any!]!) { _entities(representations: $keys) { ... on Participant {
  id name { family } contact { version } demographics { version } enrolledOn
  progressSummary { nothingToAdd } notes { totalCount } } } }
"""
HELD = {Basis.RELEASE, Basis.ASSIGNMENT, Basis.OWN_AGENCY, Basis.COUNSEL, Basis.SCREENING}


def _moment(dice: random.Random) -> datetime:
    return NOW + timedelta(hours=dice.choice((-72, -24, -1, 1, 24)))


def draw(dice: random.Random) -> list[VisibilityFact]:
    """Draw facts about all the people."""
    return [
        VisibilityFact(
            id=UUID(int=dice.getrandbits(128)),
            participant_id=UUID(dice.choice(PEOPLE)),
            holder="any" if (is_denial := dice.random() < 0.2) and dice.random() < 0.4
            else dice.choice((agency_holder(AGENCY), subject_holder(ACCOUNT), "agency:other")),
            basis=dice.choice(sorted(HELD)),
            starts_at=_moment(dice),
            ends_at=_moment(dice) if dice.random() < 0.4 else None,
            is_denial=is_denial,
            category=dice.choice([*FIELDS, *COUNTS]) if dice.random() < 0.85 else None,
            purpose=dice.choice(PURPOSES) if dice.random() < 0.6 else None,
        )
        for _ in range(160)
    ]  # fmt: skip


def askers(dice: random.Random) -> list[Caller]:
    """Draw callers of one account and agency, with differing rights."""
    texts = ("r", "a|r", "rc", "g|r", "o|rc", "", "a", "ao|r")
    return [
        caller(
            Role.SVC,
            {each: dice.choice(texts) for each in (*FIELDS, *COUNTS)},
            subject=ACCOUNT,
            agency_id=AGENCY,
            purpose=dice.choice(PURPOSES),
        )
        for _ in range(12)
    ]


def oracle(
    facts: list[VisibilityFact], who: Caller, participant_id: str
) -> tuple[bool, set[Category]]:
    """Say, the slow way, whether somebody is present and which categories are shown of them.

    The notes are another agency's: of these, assignment and own agency show none.
    """
    permitted, found = set(), set()
    mine = {agency_holder(AGENCY), subject_holder(ACCOUNT)}
    for category in (*FIELDS, *COUNTS):
        held, is_denied = set(), False
        for fact in facts:
            if str(fact.participant_id) != participant_id:
                continue
            if fact.category not in (None, category) or fact.purpose not in (None, who.purpose):
                continue
            if fact.starts_at > NOW or (fact.ends_at is not None and fact.ends_at <= NOW):
                continue
            if fact.is_denial:
                is_denied = is_denied or fact.holder in mine | {"any"}
            elif fact.holder in mine:
                held.add(fact.basis.value)
        parts = who.access[category].split("|") if who.access[category] else []
        satisfied = [part for part in parts if set(part) <= held and not is_denied]
        if satisfied:
            permitted.add(category)
        if [each for each in satisfied if category not in COUNTS or not set(each) & {"a", "o"}]:
            found.add(category)
    return bool(permitted), found


async def shown(service: ServiceApp, who: Caller) -> dict[str, tuple[bool, set[Category]]]:
    """Ask for everything about everybody; return who is present, and which categories came."""
    keys = [{"__typename": "Participant", "id": each} for each in PEOPLE]
    answer = await service.graphql(who, QUERY, {"keys": keys})
    found: dict[str, tuple[bool, set[Category]]] = {}
    for participant_id, entity in zip(PEOPLE, answer.data["_entities"], strict=True):
        seen: dict[str, Any] = entity or {}
        came = {each for each, name in FIELDS.items() if seen.get(name) is not None}
        for category, name in COUNTS.items():
            if seen.get(name) and seen[name]["totalCount"]:
                came.add(category)
        found[participant_id] = (entity is not None, came)
    return found


async def agrees(service: ServiceApp, seed: int) -> bool:
    dice = random.Random(seed)
    facts = draw(dice)
    operations: list[Operation] = [put_visibility(fact) for fact in facts]
    await service.apply_facts([_window(), *operations])
    try:
        permitted = 0
        for who in askers(dice):
            expected = {each: oracle(facts, who, each) for each in PEOPLE}
            if await shown(service, who) != expected:
                return False
            permitted += sum(len(each) for _, each in expected.values())
        assert permitted > 20  # else the comparison would mean nothing
        return True
    finally:
        await service.apply_facts(
            [{"op": "delete", "table": "visibility", "id": str(fact.id)} for fact in facts]
        )


def _window() -> Operation:
    return put_agency_window(UUID(int=7003), AGENCY, SITE_ID, NOW - timedelta(days=9), None)


@pytest.mark.parametrize("seed", range(6))
async def test_the_service_shows_what_the_facts_say(participants: ServiceApp, seed: int) -> None:
    assert await agrees(participants, seed)


_OTHER_GROUND = re.compile(r" AND (EXISTS \(SELECT 1 FROM authority_visibility [xv])")


def _without(part: str, other: str) -> Callable[[str], str]:
    return lambda text: text.replace(part, other)


@pytest.mark.parametrize(
    "broken",
    [
        _without("d.effect = 'deny'", "d.effect = 'never'"),
        _without("'any') AND d.effect", "'nobody') AND d.effect"),
        _without("v.starts_at <= statement_timestamp()", "TRUE"),
        _without("v.ends_at > statement_timestamp()", "TRUE"),
        # In lists the other grounds are looked for as x, of a single person all of them as v.
        lambda text: _OTHER_GROUND.sub(r" OR \1", text),
    ],
    ids=["denials", "denials for all", "begun early", "never over", "any ground"],
)
async def test_a_planted_gap_in_the_predicate_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch, broken: Callable[[str], str]
) -> None:
    for name in ("_template", "_any_template"):
        honest = getattr(predicate, name)
        monkeypatch.setattr(predicate, name, lambda *given, _honest=honest: broken(_honest(*given)))
    KeptStatements.forget_all()
    assert not all([await agrees(participants, seed) for seed in range(4)])
