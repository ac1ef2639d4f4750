"""SQL of what is counted: one row for each person on a roster, with nothing that names them."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import text

from infra.database import AnySession, rows

_STAFF = """
select p.agency_id,
  (select max(r.completed_on) from training_record r
   where r.personnel_id = p.id and r.outcome = 'COMPLETED' and r.completed_on <= :ends_on) as latest
from personnel p where p.is_active and p.created_at < :over
"""


async def first_entry(session: AnySession) -> datetime | None:
    """Return since when there are rosters."""
    found: datetime | None = await session.scalar(text("select min(created_at) from personnel"))
    return found


async def agencies(session: AnySession) -> list[str]:
    """Return all agencies with a roster."""
    found = await rows(session, "select distinct agency_id from personnel order by 1", {})
    return [each["agency_id"] for each in found]


async def staff(session: AnySession, ends_on: date, over: datetime) -> Sequence[Mapping[str, Any]]:
    """Return everybody on a roster at the end of a day, with the latest course up to it.

    Args:
        session: a snapshot.
        ends_on: the day.
        over: first instant after it.
    """
    return await rows(session, _STAFF, {"ends_on": ends_on, "over": over})
