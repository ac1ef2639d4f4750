"""What an answer from one snapshot relies on: the replica's revision, and until when it holds."""

from datetime import datetime
from typing import Any

from sqlalchemy import ARRAY, String, bindparam, text

from infra.authority.predicate import holders
from infra.database import AnySession
from infra.identity_token import Caller

# The first entry of an index for each holder, since a minimum would read all rows of an agency.
_NEXT = (
    "(SELECT min(n.at) FROM unnest(:holders) AS h (holder) CROSS JOIN LATERAL (SELECT v.{at} AS at"
    " FROM authority_visibility v WHERE v.holder = h.holder AND v.{at} > statement_timestamp()"
    " ORDER BY v.{at} LIMIT 1) AS n)"
)
_REVISION_AND_LIMIT = text(
    "SELECT (SELECT revision FROM authority_applied) AS revision,"  # noqa: S608 - constants
    f" LEAST({_NEXT.format(at='starts_at')}, {_NEXT.format(at='ends_at')},"
    " (SELECT min(ends_at) FROM authority_agency_window"
    " WHERE agency_id = :agency_id AND site_id = :site_id AND ends_at > statement_timestamp())"
    ") AS valid_until"
).bindparams(bindparam("holders", type_=ARRAY(String)))


async def reliance(session: AnySession, caller: Caller) -> tuple[int, datetime | None]:
    """Return what an answer from this snapshot relies on, in one statement.

    Args:
        session: the request's snapshot.
        caller: who asks.

    Returns:
        The revision that the replica has, and the next instant at which time alone could change
        what is visible (None: never).
    """
    given: dict[str, Any] = {"agency_id": caller.agency_id, "site_id": caller.site_id}
    given["holders"] = [*holders(caller), "any"]
    found = (await session.execute(_REVISION_AND_LIMIT, given)).one()
    return found.revision or 0, found.valid_until
