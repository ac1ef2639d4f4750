"""Moves a record from one state to another and keeps that it did."""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from infra.database import WriteSession
from infra.identity_token import Caller
from svc_participants.care.history.tables import CareMoveRow
from svc_participants.care.keeping import State, check_lines, check_step, keeper
from svc_participants.care.notes.rules import check_day
from svc_participants.people.rules import check_version
from svc_participants.people.site_days import today_at

MAX_REMARK = 2_000


async def move(
    session: WriteSession,
    caller: Caller,
    row: Any,
    wanted: State,
    *,
    steps: Mapping[State, Collection[State]],
    expected_version: int,
    happened_on: date,
    remark: str | None = None,
) -> None:
    """Move a locked record to another state.

    Args:
        session: the transaction.
        caller: who moves it.
        row: the record, locked, with ``state`` and ``version``.
        wanted: state that it shall have.
        steps: what may follow on each state.
        expected_version: version that the client saw.
        happened_on: day of the move.
        remark: what is to be said about it.

    Raises:
        RuleError: VERSION_CONFLICT, STEP_NOT_ALLOWED, or a day or text that is not acceptable.
    """
    check_version(expected_version, row.version)
    check_day(happened_on, await today_at(session, caller), "happenedOn")
    check_lines({"remark": remark}, most=MAX_REMARK)
    check_step(steps, type(wanted)(row.state), wanted, "state")
    participant_id: UUID = row.participant_id
    kept = {**keeper(caller, participant_id), "agency_id": row.agency_id}
    session.add(
        CareMoveRow(
            **kept,
            record_id=row.id,
            from_state=row.state,
            to_state=wanted.value,
            happened_on=happened_on,
            remark=remark,
        )
    )
    row.state = wanted.value
    row.version += 1
