"""Authority changes: what travels is what is stored, in order, and nothing is skipped silently."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select

from infra.authority import changes
from infra.authority.changes import VisibilityFact, put_agency_window, put_visibility
from infra.authority.tables import AgencyWindow, Visibility
from infra.database import Database
from infra.errors import BugError
from infra.vocabulary import Basis, Category, Purpose

AT = datetime(2026, 1, 1, 12, 30, 15, 123456, tzinfo=UTC)


def fact(**given: Any) -> VisibilityFact:
    return VisibilityFact(
        **{
            "id": uuid4(),
            "participant_id": uuid4(),
            "holder": "agency:a",
            "basis": Basis.RELEASE,
            "starts_at": AT,
            **given,
        }
    )


def full_fact() -> VisibilityFact:
    return fact(
        ends_at=AT.replace(year=2027),
        is_denial=True,
        category=Category.SUD,
        purpose=Purpose.TREAT,
        data_from=date(2025, 1, 1),
        data_to=date(2026, 1, 1),
        source_id=uuid4(),
    )


async def apply(database: Database, operations: list[dict[str, object]], revision: int = 1) -> None:
    async with database.write() as session:
        await changes.apply(session, operations, revision)


async def stored(database: Database, row_id: UUID) -> Visibility | None:
    async with database.read() as session:
        return await session.get(Visibility, row_id)


async def test_a_fact_arrives_whole(chassis_database: Database) -> None:
    for given_fact in (full_fact(), fact()):
        await apply(chassis_database, [put_visibility(given_fact)], revision=7)
        row = await stored(chassis_database, given_fact.id)
        assert row is not None
        for name in ("participant_id", "holder", "starts_at", "ends_at", "data_from", "data_to"):
            assert getattr(row, name) == getattr(given_fact, name)
        assert (row.basis, row.category, row.purpose) == (
            given_fact.basis,
            given_fact.category,
            given_fact.purpose,
        )
        assert (row.effect, row.revision) == ("deny" if given_fact.is_denial else "permit", 7)
        assert row.source_id == given_fact.source_id


async def test_a_fact_put_again_is_replaced_and_what_it_lost_is_gone(
    chassis_database: Database,
) -> None:
    first = full_fact()
    await apply(chassis_database, [put_visibility(first)])
    await apply(chassis_database, [put_visibility(fact(id=first.id))], revision=2)
    row = await stored(chassis_database, first.id)
    assert row is not None
    assert (row.ends_at, row.category, row.effect, row.revision) == (None, None, "permit", 2)


async def test_operations_of_a_revision_keep_their_order(chassis_database: Database) -> None:
    kept, dropped = fact(), fact()
    await apply(
        chassis_database,
        [
            put_visibility(dropped),
            changes.delete_visibility(kept.id),
            put_visibility(kept),
            changes.delete_visibility(dropped.id),
        ],
    )
    assert await stored(chassis_database, kept.id) is not None
    assert await stored(chassis_database, dropped.id) is None


async def test_a_window_is_put_and_taken_away(chassis_database: Database) -> None:
    async with chassis_database.write() as session:
        await session.execute(delete(AgencyWindow))
    row_id = uuid4()
    await apply(chassis_database, [put_agency_window(row_id, "a", "s", AT, None)])
    async with chassis_database.read() as session:
        (window,) = (await session.scalars(select(AgencyWindow))).all()
    assert (window.agency_id, window.site_id, window.starts_at, window.ends_at) == (
        "a",
        "s",
        AT,
        None,
    )
    await apply(chassis_database, [{"op": "delete", "table": "agency_window", "id": str(row_id)}])
    async with chassis_database.read() as session:
        assert (await session.scalars(select(AgencyWindow))).all() == []


@pytest.mark.parametrize(
    "operation",
    [
        {},
        {"op": "put", "table": "gossip", "row": {}},
        {"op": "forget", "table": "visibility", "id": "00000000-0000-4000-8000-000000000001"},
        {"op": "put", "table": "visibility"},
        {"op": "put", "table": "visibility", "row": "x"},
    ],
    ids=str,
)
async def test_an_unknown_operation_stops_the_whole_revision(
    chassis_database: Database, operation: dict[str, object]
) -> None:
    before = fact()
    with pytest.raises(BugError):
        await apply(chassis_database, [put_visibility(before), operation])
    assert await stored(chassis_database, before.id) is None


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_moment_survives_the_journey(moment: datetime) -> None:
    row: Any = put_visibility(fact(starts_at=moment))["row"]
    assert datetime.fromisoformat(row["starts_at"]) == moment
