"""When a view changes by time alone is looked up; an agency with many rows costs no more."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import orjson
from sqlalchemy import String, bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY

from infra import clock
from infra.authority import changes
from infra.authority.changes import VisibilityFact, put_visibility
from infra.authority.facts import agency_holder
from infra.authority.reliance import _REVISION_AND_LIMIT
from infra.database import Database
from infra.vocabulary import Basis

HOLDER = agency_holder("one-with-many")


def _scans(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    if node.get("Relation Name") == "authority_visibility":
        yield node
    for child in node.get("Plans", ()):
        yield from _scans(child)


async def _plan(database: Database) -> list[dict[str, Any]]:
    statement = text("EXPLAIN (ANALYZE, FORMAT JSON) " + _REVISION_AND_LIMIT.text)
    given = {"holders": [HOLDER, "any"], "agency_id": "one-with-many", "site_id": "s"}
    async with database.write() as session:
        bound = statement.bindparams(bindparam("holders", type_=ARRAY(String)))
        found = await session.scalar(bound, given)
    plan: list[dict[str, Any]] = orjson.loads(found) if isinstance(found, str) else found
    return list(_scans(plan[0]["Plan"]))


async def test_the_next_instant_is_the_first_entry_of_an_index(chassis_database: Database) -> None:
    began = clock.now() - timedelta(days=1)
    operations = [
        put_visibility(
            VisibilityFact(
                id=uuid4(),
                participant_id=uuid4(),
                holder=HOLDER,
                basis=Basis.RELEASE,
                starts_at=began,
                ends_at=began + timedelta(days=2 + number % 300),
            )
        )
        for number in range(3000)
    ]
    async with chassis_database.write() as session:
        await changes.apply(session, operations, 1)
    scans = await _plan(chassis_database)
    assert {each["Index Name"] for each in scans} == {
        "ix_authority_visibility_starts",
        "ix_authority_visibility_ends",
    }
    assert all(each["Actual Rows"] <= 1 for each in scans)
