"""Merging links two records and moves nothing: each keeps its own facts, releases and history.

So a merge cannot widen consent (decision rule D54), loses nothing, and is undone exactly.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from infra import clock
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.errors import RuleError
from infra.identity_token import Caller
from svc_participants.duplicates import repository, rules
from svc_participants.duplicates.tables import PersonLinkRow
from svc_participants.people.rules import check_version, not_found


@dataclass(frozen=True, slots=True)
class Merge:
    """Two records, and why they are of one person."""

    surviving_id: str
    merged_id: str
    reason: str


async def merge(session: WriteSession, caller: Caller, given: Merge) -> dict[str, Any]:
    """Link a record to the one that goes on.

    Raises:
        RuleError: NOT_ALLOWED, NOT_FOUND, REASON_MISSING or ALREADY_MERGED.
    """
    rules.check_merger(caller.role)
    rules.check_reason(given.reason)
    people = []
    wanted = {"survivingId": given.surviving_id, "mergedId": given.merged_id}
    # In one order, so that two who merge the same two cannot wait for each other.
    for name in sorted(wanted, key=lambda each: wanted[each]):
        key = parse_id(wanted[name])
        row = None if key is None else await repository.mergeable(session, caller, key)
        if row is None:
            raise not_found(name)
        people.append(row)
    surviving, merged = UUID(given.surviving_id), UUID(given.merged_id)
    if surviving == merged:
        raise not_found("mergedId")
    if await repository.is_linked(session, surviving, merged):
        raise rules.already_merged()
    compared = await repository.records(session, caller, people)
    score, _ = rules.compare(compared[surviving], compared[merged])
    row_id = uuid4()
    session.add(
        PersonLinkRow(
            id=row_id,
            surviving_id=surviving,
            merged_id=merged,
            score=score,
            reason=given.reason,
            linked_at=clock.now(),
            linked_by=caller.subject,
        )
    )
    return {"participant": str(surviving)}


async def unmerge(
    session: WriteSession, caller: Caller, merged_id: str, expected_version: int, reason: str
) -> dict[str, Any]:
    """Take a link away: both records are as they were, for they never changed.

    Raises:
        RuleError: NOT_ALLOWED, NOT_FOUND, VERSION_CONFLICT or REASON_MISSING.
    """
    rules.check_merger(caller.role)
    rules.check_reason(reason)
    key = parse_id(merged_id)
    row = None if key is None else await repository.mergeable(session, caller, key)
    link = None if row is None else await repository.link_for_update(session, row.id)
    if link is None:
        raise not_found("mergedId")
    other = await repository.mergeable(session, caller, link.surviving_id)
    if other is None:
        raise not_found("mergedId")
    check_version(expected_version, link.version)
    if link.ended_at is not None:
        raise RuleError("STEP_NOT_ALLOWED", "This link was taken away already.")
    link.ended_at, link.ended_by, link.end_reason = clock.now(), caller.subject, reason
    link.version += 1
    return {"participant": str(link.merged_id)}
