"""``python -m svc_consent study record|end``: agreements under which evaluators have rows.

An agreement on file (a waiver under 42 CFR 2.52 and 45 CFR 164.512(i), signed by the site's
privacy officer) is an authority fact. Recorded by the operator, from the signed paper; whose
agency is no evaluator, or who has no live membership, gets none.
"""

import argparse
import asyncio
import sys
from datetime import UTC, datetime
from uuid import UUID, uuid4

from infra import clock
from infra.authority.facts import put_agency_window
from infra.database import Database, WriteSession, rows
from infra.errors import GoldenThreadError
from infra.indicators.studies import study_site
from infra.settings import Environment
from infra.vocabulary import AgencyType
from svc_consent.authority.repository import record_change
from svc_consent.authority.rules import agency_key, visible_key

_MEMBER = """
select 1 as found from membership m join agency a on a.id = m.agency_id
where m.agency_id = :agency and m.site_id = :site and m.status = 'MOU_SIGNED' and a.type = :type
"""
_KNOWN = """
select agency_id, site_id, starts_at from authority_agency_window
where id = :id and site_id like 'study:%' and (ends_at is null or ends_at > :now)
"""


class NoSuchAgreementError(GoldenThreadError):
    """The agency cannot have an agreement, or there is none of this number."""

    code = "NO_SUCH_AGREEMENT"


async def record_agreement(
    session: WriteSession, agency_id: UUID, site_id: UUID, starts_at: datetime, ends_at: datetime
) -> UUID:
    """Record that an evaluator's agency may have rows without names of a site's people.

    Returns:
        The number of the agreement. It is the secret that pseudonyms are made with: it belongs
        into the privacy officer's file, and to nobody who sees rows.

    Raises:
        NoSuchAgreementError: not an evaluator's agency with a signed membership of the site, or a
            period that does not begin before it ends.
    """
    given = {"agency": agency_id, "site": site_id, "type": AgencyType.EVAL.value}
    if not await rows(session, _MEMBER, given) or starts_at >= ends_at:
        raise NoSuchAgreementError("not an evaluator's agency of this site, or no period")
    number = uuid4()
    window = put_agency_window(number, str(agency_id), study_site(str(site_id)), starts_at, ends_at)
    await record_change(session, [agency_key(agency_id), visible_key(agency_id)], [window])
    return number


async def end_agreement(session: WriteSession, number: UUID) -> None:
    """End an agreement at once; rows are no longer read by who asks after this has committed.

    Raises:
        NoSuchAgreementError: none in force, or to come, has this number.
    """
    now = clock.now()
    found = await rows(session, _KNOWN, {"id": number, "now": now})
    if not found:
        raise NoSuchAgreementError("no agreement in force has this number")
    (row,) = found
    begins = min(row["starts_at"], now)
    window = put_agency_window(number, row["agency_id"], row["site_id"], begins, now)
    keys = [agency_key(row["agency_id"]), visible_key(row["agency_id"])]
    await record_change(session, keys, [window])


def study(words: list[str]) -> int:
    """Run the command; returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m svc_consent study")
    commands = parser.add_subparsers(dest="command", required=True)
    record = commands.add_parser("record", help="an agreement that was signed")
    record.add_argument("--agency", type=UUID, required=True, help="the evaluator's agency")
    record.add_argument("--site", type=UUID, required=True, help="whose people it is about")
    record.add_argument("--starts", type=_day, required=True, help="first day, 2026-01-31")
    record.add_argument("--ends", type=_day, required=True, help="day on which it is over")
    end = commands.add_parser("end", help="take an agreement back, at once")
    end.add_argument("--number", type=UUID, required=True, help="as it was told when recorded")
    arguments = parser.parse_args(words)
    try:
        sys.stdout.write(asyncio.run(_run(arguments)) + "\n")
    except GoldenThreadError as error:
        sys.stderr.write(f"consent: {error}\n")
        return 1
    return 0


def _day(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def _run(arguments: argparse.Namespace) -> str:
    dsn = Environment().secret("GT_DATABASE_DSN")
    database = Database(dsn, application_name="consent-study", pool_size=1)
    try:
        async with database.write() as session:
            if arguments.command == "end":
                await end_agreement(session, arguments.number)
                return "ended"
            number = await record_agreement(
                session, arguments.agency, arguments.site, arguments.starts, arguments.ends
            )
            return f"recorded {number}"
    finally:
        await database.close()
