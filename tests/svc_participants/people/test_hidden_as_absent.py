"""Whoever is hidden costs the database the same work as nobody, so that no time tells them apart.

The time itself is measured by ``bench hidden``; machines that are shared blur it. What PostgreSQL
ran, node by node, is the same on every machine.
"""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import asyncpg
import orjson
import pytest
from sqlalchemy import event, select

from infra.authority.predicate import visible
from infra.batch_loader import IDS, AnySelect
from infra.identity_token import Caller
from infra.vocabulary import Category
from svc_participants.people.repository import PeopleLoader, present
from svc_participants.people.tables import ParticipantRow
from tests.fixtures.participants_service import officer, person, plant
from tests.fixtures.service_app import ServiceApp

LOOK = "query($id: ID!) { participant(id: $id) { id name { given family } } }"
ENTITY = """query($id: ID!) { _entities(representations: [{__typename: "Participant", id: $id}]) {
  ... on Participant { id name { given } } } }"""
HIDDEN = ("roi_none", "roi_expired", "roi_revoked", "roi_defective", "other_site")


async def work(
    service: ServiceApp, participant_id: str, document: str = LOOK
) -> list[tuple[str, str, int]]:
    """Return what PostgreSQL ran to look for somebody: each node, on what, and how often."""
    ran: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, given: Any, *_rest: Any) -> None:
        if "FROM participant" in statement:
            ran.append((statement, given))

    engine = service.chassis.database.engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        answer = await service.graphql(officer(), document, {"id": participant_id})
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert list(answer.data.values()) in ([None], [[None]])
    found: list[tuple[str, str, int]] = []
    connection = await asyncpg.connect(service.owner_dsn)
    try:
        for statement, given in ran:
            explained = f"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {statement}"
            rows = await connection.fetch(explained, *given)
            found += _nodes(orjson.loads(rows[0][0])[0]["Plan"])
    finally:
        await connection.close()
    assert found, "nobody was looked for"
    return found


def _nodes(node: dict[str, Any]) -> Iterator[tuple[str, str, int]]:
    yield node["Node Type"], node.get("Relation Name", ""), node["Actual Loops"]
    for child in node.get("Plans", ()):
        yield from _nodes(child)


async def assert_hidden_is_as_absent(service: ServiceApp) -> None:
    for document in (LOOK, ENTITY):
        of_nobody = await work(service, str(uuid4()), document)
        for handle in HIDDEN:
            assert await work(service, person(handle), document) == of_nobody, handle


async def test_a_hidden_person_makes_the_database_work_as_nobody_does(
    participants: ServiceApp,
) -> None:
    await assert_hidden_is_as_absent(participants)


async def test_planted_people_who_are_judged_once_they_are_found_are_noticed(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found_first(_loader: PeopleLoader, caller: Caller) -> AnySelect:
        identity = visible(caller, Category.IDENTITY, ParticipantRow.id).label("identity")
        return select(ParticipantRow, identity).where(
            ParticipantRow.id == IDS, present(caller, ParticipantRow.id)
        )

    plant(monkeypatch, PeopleLoader, "statement", found_first)
    with pytest.raises(AssertionError, match="roi_none"):
        await assert_hidden_is_as_absent(participants)
