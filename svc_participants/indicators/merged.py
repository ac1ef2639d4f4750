"""SQL of records that are of one person, who is counted once, with all that these records hold.

A merge links two records and moves nothing (``duplicates``). A figure counts the record that goes
on, which is also whose race, birth and the like it tells, and reads what all of them hold. No
record that was merged has others merged into it, so one step leads to the person.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from infra.database import AnySession, rows

PERSON: Final = """coalesce((
  select l.surviving_id from person_link l where l.merged_id = {0} and l.ended_at is null
), {0})"""
"""Who a record is; to be filled with the record's column."""
RECORDS: Final = """({0} || array(
  select l.merged_id from person_link l where l.surviving_id = {0} and l.ended_at is null
))"""
"""All records of a person; to be filled with the person's column."""
MEMBERS: Final = """(
  select i.id as person_id, i.id as record_id from unnest(cast(:ids as uuid[])) as i (id)
  union all
  select l.surviving_id, l.merged_id from person_link l
  where l.ended_at is null and l.surviving_id = any(cast(:ids as uuid[]))
)"""
"""The people of ``:ids``, each with all their records."""

_MERGED = """
select l.merged_id, l.surviving_id from person_link l join participant p on p.id = l.merged_id
where l.ended_at is null and p.site_id = :site
"""


async def merged_records(session: AnySession, site_id: UUID) -> Mapping[UUID, UUID]:
    """Return the records at a site that are merged into another one, with that one."""
    found = await rows(session, _MERGED, {"site": site_id})
    return {each["merged_id"]: each["surviving_id"] for each in found}
