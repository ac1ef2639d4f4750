"""The narrowing predicate agrees with a slow, independent reading of the rule, on random facts.

The oracle below is written from the rule and shares no code with the SQL: one fact after the
other, in Python. Each planted fault takes one thing out of the facts that the SQL gets to see, as
if the statement had forgotten it; the same comparison must then find a difference.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from types import MappingProxyType
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Date, Uuid, column, delete, func, select, values

from infra.authority import changes
from infra.authority.changes import VisibilityFact, put_agency_window, put_visibility
from infra.authority.predicate import (
    agency_holder,
    subject_holder,
    visible,
    visible_in_any,
)
from infra.authority.reliance import reliance
from infra.authority.tables import AgencyWindow, Visibility
from infra.database import AnySession, Database
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category, Purpose, Role

NOW = datetime.now(UTC)
TODAY = date(2026, 6, 1)
PEOPLE = [uuid4() for _ in range(3)]
AGENCIES, SUBJECTS = ("a1", "a2"), ("s1", "s2")
SITES = ("site", "other")
CATEGORIES = (Category.SUD, Category.HOUSING)
PURPOSES = (Purpose.TREAT, Purpose.COC)
BASES = (Basis.RELEASE, Basis.ASSIGNMENT, Basis.OWN_AGENCY, Basis.COUNSEL)
EXPRESSIONS = ("", "r", "a", "a|r", "o|r", "rc", "a|rc", "*", "o", "r*", "a|*")
ROLES = (Role.CM, Role.DEF, Role.PAR, Role.REP)
DATES = (None, TODAY - timedelta(days=30), TODAY, TODAY + timedelta(days=30))
MOMENTS = (NOW - timedelta(days=2), NOW - timedelta(hours=1), NOW + timedelta(hours=1))

Window = tuple[str, datetime, datetime | None]
"""Agency (``a1`` at the first site, ``a1@other`` at another), start and end."""


@dataclass(frozen=True)
class Facts:
    visibility: tuple[VisibilityFact, ...]
    windows: tuple[Window, ...]


def random_facts(dice: random.Random) -> Facts:
    holders = [
        *map(agency_holder, AGENCIES),
        *(agency_holder(agency, site) for agency in AGENCIES for site in SITES),
        *map(subject_holder, SUBJECTS),
    ]
    rows = []
    for _ in range(dice.randint(1, 14)):
        is_denial = dice.random() < 0.15
        rows.append(
            VisibilityFact(
                id=uuid4(),
                participant_id=dice.choice(PEOPLE),
                holder=dice.choice([*holders, "any"] if is_denial else holders),
                basis=dice.choice(BASES),
                starts_at=dice.choice(MOMENTS),
                ends_at=dice.choice((None, None, *MOMENTS)),
                is_denial=is_denial,
                category=dice.choice((None, *CATEGORIES)),
                purpose=dice.choice((None, *PURPOSES)),
                data_from=dice.choice((None, None, *DATES)),
                data_to=dice.choice((None, None, *DATES)),
            )
        )
    windows = [
        (dice.choice((agency, agency, f"{agency}@other")), start, dice.choice((None, *MOMENTS)))
        for agency in AGENCIES
        for start in dice.sample(MOMENTS, dice.choice((0, 1, 1, 2)))
    ]
    return Facts(tuple(rows), tuple(windows))


def random_caller(dice: random.Random) -> Caller:
    return Caller(
        subject=dice.choice(SUBJECTS),
        agency_id=dice.choice(AGENCIES),
        site_id=dice.choice((*SITES, "site")),
        grant_id="grant",
        role=dice.choice(ROLES),
        purpose=dice.choice((None, *PURPOSES, *PURPOSES)),
        access=MappingProxyType({each: dice.choice(EXPRESSIONS) for each in CATEGORIES}),
    )


def _in_force(starts_at: datetime, ends_at: datetime | None) -> bool:
    return starts_at <= NOW and (ends_at is None or ends_at > NOW)


def _place(agency: str) -> tuple[str, str]:
    name, _, site = agency.partition("@")
    return name, site or SITES[0]


def _covers_date(row: VisibilityFact, dated_on: date | None) -> bool:
    """A record without a date is outside every limited period."""
    starts = row.data_from is None or (dated_on is not None and row.data_from <= dated_on)
    ends = row.data_to is None or (dated_on is not None and row.data_to >= dated_on)
    return starts and ends


def may_see(
    facts: Facts,
    caller: Caller,
    category: Category,
    person: UUID,
    *,
    is_dated: bool,
    dated_on: date | None,
) -> bool:
    """The oracle: the rule, read slowly."""
    if caller.purpose is None:
        return False
    acting_for_agency = caller.role not in (Role.PAR, Role.REP)
    if acting_for_agency and not any(
        _place(agency) == (caller.agency_id, caller.site_id) and _in_force(starts_at, ends_at)
        for agency, starts_at, ends_at in facts.windows
    ):
        return False
    agency = f"agency:{caller.agency_id}"
    own = {agency, f"{agency}@{caller.site_id}", f"subject:{caller.subject}"}
    held: set[str] = {"*"}
    for row in facts.visibility:
        if row.participant_id != person or not _in_force(row.starts_at, row.ends_at):
            continue
        if row.category not in (None, category) or row.purpose not in (None, caller.purpose):
            continue
        if row.is_denial:
            if row.holder in own | {"any"}:
                return False
        elif row.holder in own:
            limited = row.basis is Basis.RELEASE and is_dated
            if not limited or _covers_date(row, dated_on):
                held.add(row.basis.value)
    expression = caller.access.get(category, "")
    return any(part and set(part) <= held for part in expression.split("|"))


async def store(database: Database, facts: Facts) -> None:
    operations = [put_visibility(row) for row in facts.visibility]
    operations += [put_agency_window(uuid4(), *_place(a), s, e) for a, s, e in facts.windows]
    async with database.write() as session:
        await session.execute(delete(Visibility))
        await session.execute(delete(AgencyWindow))
        await changes.apply(session, operations, 1)


RECORDS = [(person, day) for person in PEOPLE for day in DATES]
Record = tuple[UUID, date | None]


async def seen(
    session: AnySession, caller: Caller, category: Category, *, is_dated: bool
) -> list[Record]:
    record = values(column("person", Uuid), column("dated_on", Date), name="record").data(RECORDS)
    dated_on = record.c.dated_on if is_dated else None
    whose = record.c.person
    forms = [
        visible(caller, category, whose, dated_on),
        visible(caller, category, whose, dated_on, is_list=True),
        visible(caller, category, whose, dated_on, is_single=True),
    ]
    found, *others = [
        (await session.execute(select(whose, record.c.dated_on).where(form))).all()
        for form in forms
    ]
    for each in others:
        assert sorted(map(repr, found)) == sorted(map(repr, each))
    return [(row[0], row[1]) for row in found]


Forget = Callable[[Facts], Facts]


async def assert_agrees(
    database: Database, rounds: int, forget: Forget = lambda facts: facts
) -> None:
    """Compare the SQL with the oracle in random worlds; ``forget`` is what the SQL overlooks."""
    key = _sort_key
    visible_once = hidden_once = False
    for seed in range(rounds):
        dice = random.Random(seed)
        facts = random_facts(dice)
        await store(database, forget(facts))
        async with database.read() as session:
            for _ in range(6):
                caller, category = random_caller(dice), dice.choice(CATEGORIES)
                is_dated = dice.random() < 0.5
                expected = [
                    (person, day)
                    for person, day in RECORDS
                    if may_see(facts, caller, category, person, is_dated=is_dated, dated_on=day)
                ]
                found = await seen(session, caller, category, is_dated=is_dated)
                assert sorted(found, key=key) == sorted(expected, key=key), (seed, caller)
                visible_once |= bool(expected)
                hidden_once |= len(expected) < len(RECORDS)
    assert visible_once
    assert hidden_once


def _sort_key(record: Record) -> tuple[str, str]:
    return str(record[0]), str(record[1])


async def test_the_predicate_agrees_with_the_rule(chassis_database: Database) -> None:
    await assert_agrees(chassis_database, rounds=50)


def _each(facts: Facts, change: Callable[[VisibilityFact], VisibilityFact]) -> Facts:
    return replace(facts, visibility=tuple(map(change, facts.visibility)))


FORGOTTEN: dict[str, Forget] = {
    "denials": lambda facts: replace(
        facts, visibility=tuple(row for row in facts.visibility if not row.is_denial)
    ),
    "denials of everybody": lambda facts: replace(
        facts, visibility=tuple(row for row in facts.visibility if row.holder != "any")
    ),
    "ends": lambda facts: _each(facts, lambda row: replace(row, ends_at=None)),
    "starts": lambda facts: _each(facts, lambda row: replace(row, starts_at=MOMENTS[0])),
    "categories": lambda facts: _each(facts, lambda row: replace(row, category=None)),
    "purposes": lambda facts: _each(facts, lambda row: replace(row, purpose=None)),
    "data periods": lambda facts: _each(
        facts, lambda row: replace(row, data_from=None, data_to=None)
    ),
    "grounds": lambda facts: _each(facts, lambda row: replace(row, basis=Basis.RELEASE)),
    "ends of memberships": lambda facts: replace(
        facts, windows=tuple((agency, starts_at, None) for agency, starts_at, _ in facts.windows)
    ),
    "sites of memberships": lambda facts: replace(
        facts, windows=tuple((_place(each[0])[0], each[1], each[2]) for each in facts.windows)
    ),
    "sites of grounds": lambda facts: _each(
        facts, lambda row: replace(row, holder=row.holder.partition("@")[0])
    ),
    "who holds it": lambda facts: _each(
        facts,
        lambda row: row if row.is_denial else replace(row, holder=agency_holder(AGENCIES[0])),
    ),
}


@pytest.mark.parametrize("what", FORGOTTEN)
async def test_a_predicate_that_forgets_something_is_caught(
    chassis_database: Database, what: str
) -> None:
    with pytest.raises(AssertionError):
        await assert_agrees(chassis_database, rounds=80, forget=FORGOTTEN[what])


async def assert_any_agrees(
    database: Database, rounds: int, forget: Forget = lambda facts: facts
) -> None:
    """The same comparison for "may see at least one of these categories"."""
    for seed in range(rounds):
        dice = random.Random(seed)
        facts = random_facts(dice)
        await store(database, forget(facts))
        async with database.read() as session:
            for _ in range(6):
                caller = random_caller(dice)
                asked = dice.choice((CATEGORIES, CATEGORIES[:1], ()))
                expected = {
                    person
                    for person in PEOPLE
                    for category in asked
                    if may_see(facts, caller, category, person, is_dated=False, dated_on=None)
                }
                person = values(column("person", Uuid), name="person").data([(p,) for p in PEOPLE])
                condition = visible_in_any(caller, asked, person.c.person)
                found = await session.scalars(select(person.c.person).where(condition))
                assert set(found) == expected, (seed, caller, asked)


async def test_any_of_several_categories_agrees_with_the_rule(chassis_database: Database) -> None:
    await assert_any_agrees(chassis_database, rounds=50)


@pytest.mark.parametrize("what", ["denials", "categories", "purposes", "ends"])
async def test_any_of_several_that_forgets_something_is_caught(
    chassis_database: Database, what: str
) -> None:
    with pytest.raises(AssertionError):
        await assert_any_agrees(chassis_database, rounds=80, forget=FORGOTTEN[what])


def new_caller(**given: Any) -> Caller:
    access = MappingProxyType({Category.SUD: "r", Category.TRAINING: "*"})
    return Caller("s1", "a1", "site", "grant", Role.CM, Purpose.TREAT, access=access, **given)


async def count(database: Database, condition: Any) -> int:
    async with database.read() as session:
        return await session.scalar(select(func.count()).where(condition)) or 0


@pytest.mark.parametrize("category", [Category.STRUCTURE, Category.CATALOGUE])
async def test_what_is_about_nobody_is_narrowed_for_nobody(
    chassis_database: Database, category: Category
) -> None:
    asking = replace(new_caller(), purpose=None, agency_id="unknown")
    condition = visible(asking, category, column("x", Uuid))
    assert await count(chassis_database, condition) == 1


async def test_a_category_that_the_token_does_not_name_shows_nothing(
    chassis_database: Database,
) -> None:
    condition = visible(new_caller(), Category.HEALTH_HIV, column("x", Uuid))
    assert await count(chassis_database, condition) == 0


async def test_an_unknown_ground_denies_loudly() -> None:
    asking = replace(new_caller(), access=MappingProxyType({Category.SUD: "r|z"}))
    with pytest.raises(ValueError, match="z"):
        visible(asking, Category.SUD, column("x", Uuid))


async def test_words_of_a_caller_are_never_read_as_sql(chassis_database: Database) -> None:
    fact = VisibilityFact(
        uuid4(), PEOPLE[0], agency_holder("a1"), Basis.RELEASE, NOW - timedelta(days=1)
    )
    await store(chassis_database, Facts((fact,), (("a1", MOMENTS[0], None),)))
    async with chassis_database.read() as session:
        assert len(await seen(session, new_caller(), Category.SUD, is_dated=False)) == 4
        for evil in ("a1' or '1'='1", "{agency}", "%s", ":agency", "a1'); drop table x; --", "$1"):
            asking = replace(new_caller(), agency_id=evil, subject=evil)
            assert await seen(session, asking, Category.SUD, is_dated=True) == []


async def instant(database: Database, asking: Caller) -> datetime | None:
    async with database.read() as session:
        _, found = await reliance(session, asking)
        return found


async def test_a_view_is_valid_until_time_alone_would_change_it(
    chassis_database: Database,
) -> None:
    def fact(holder: str, starts_in: int, ends_in: int | None) -> VisibilityFact:
        starts_at = NOW + timedelta(hours=starts_in)
        ends_at = None if ends_in is None else NOW + timedelta(hours=ends_in)
        return VisibilityFact(uuid4(), PEOPLE[0], holder, Basis.RELEASE, starts_at, ends_at)

    steps: Sequence[tuple[VisibilityFact, int]] = (
        (fact(agency_holder("a1"), -1, 40), 40),
        (fact(subject_holder("s1"), 30, None), 30),
        (fact("any", -1, 20), 20),
        (fact(agency_holder("a2"), -1, 1), 20),
        (fact(agency_holder("a1"), -9, -8), 20),
    )
    given: list[VisibilityFact] = []
    for row, hours in steps:
        given.append(row)
        await store(chassis_database, Facts(tuple(given), ()))
        assert await instant(chassis_database, new_caller()) == NOW + timedelta(hours=hours)
    window: Window = ("a1", NOW - timedelta(days=1), NOW + timedelta(hours=10))
    await store(chassis_database, Facts(tuple(given), (window,)))
    assert await instant(chassis_database, new_caller()) == NOW + timedelta(hours=10)


async def test_a_view_that_nothing_limits_is_valid_without_end(
    chassis_database: Database,
) -> None:
    await store(chassis_database, Facts((), (("a1", NOW - timedelta(days=1), None),)))
    assert await instant(chassis_database, new_caller()) is None
