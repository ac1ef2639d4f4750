"""``python -m svc_cases lists FILE``: a site's courts and statutes, as the operator was given them.

::

    site = "6f7c…"                       # id of the site

    [[courts]]
    id = "1b9e…"                         # id of the court's agency
    code = "KCDC-W"
    name = "King County District Court, West Division"
    time_zone = "America/Los_Angeles"

    [[statutes]]
    code = "RCW 9A.52.080"
    title = "Criminal trespass in the second degree"
    nibrs = "90J"
    charge_class = "MISDEMEANOR"
    from_on = 2011-07-22
    # to_on = 2026-12-31                 # last day of this edition, once it has ended

A court is known by its id, an edition of a statute by code and first day: a second run of the same
file changes nothing, and one of a corrected file corrects. Nothing is taken away: an edition ends.
"""

import asyncio
import sys
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy.dialects.postgresql import insert

from infra.database import WriteSession
from infra.settings import read_service_settings
from infra.subgraph_app import build_chassis
from svc_cases.cases.rules import ChargeClass
from svc_cases.cases.tables import Court, Statute


class ListError(Exception):
    """The file is not acceptable; the text says where."""


def read_lists(document: Mapping[str, Any]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the rows of courts and statutes of a file.

    Raises:
        ListError: something is missing, unknown or contradicts.
    """
    _only(document, {"site"}, {"courts", "statutes"}, "the file")
    site = _uuid(document["site"], "site")
    courts = []
    for number, row in enumerate(document.get("courts", []), start=1):
        where = f"court {number}"
        _only(row, {"id", "code", "name", "time_zone"}, set(), where)
        try:
            ZoneInfo(row["time_zone"])
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ListError(f"{where}: time_zone is no IANA zone") from None
        courts.append({**row, "id": _uuid(row["id"], where), "site_id": site})
    statutes = []
    for number, row in enumerate(document.get("statutes", []), start=1):
        where = f"statute {number}"
        _only(row, {"code", "title", "nibrs", "charge_class", "from_on"}, {"to_on"}, where)
        if row["charge_class"] not in set(ChargeClass):
            raise ListError(f"{where}: charge_class is one of {', '.join(ChargeClass)}")
        begins, ends = row["from_on"], row.get("to_on")
        if type(begins) is not date or type(ends) not in (date, type(None)):
            raise ListError(f"{where}: from_on and to_on are days")
        if ends is not None and ends < begins:
            raise ListError(f"{where}: it ends before it begins")
        name = f"urn:goldenthread:statute:{site}:{row['code']}:{begins.isoformat()}"
        statutes.append({**row, "id": uuid5(NAMESPACE_URL, name), "site_id": site, "to_on": ends})
    return courts, statutes


def _only(row: Mapping[str, Any], needed: set[str], allowed: set[str], where: str) -> None:
    if missing := needed - set(row):
        raise ListError(f"{where}: {', '.join(sorted(missing))} is missing")
    if unknown := set(row) - needed - allowed:
        raise ListError(f"{where}: nobody knows {', '.join(sorted(unknown))}")


def _uuid(text: object, where: str) -> UUID:
    try:
        return UUID(str(text))
    except ValueError:
        raise ListError(f"{where}: not an id") from None


async def store_lists(
    session: WriteSession, courts: list[dict[str, Any]], statutes: list[dict[str, Any]]
) -> None:
    """Store courts and editions of statutes, each over what stood there."""
    for row in courts:
        changed = {key: row[key] for key in ("code", "name", "time_zone")}
        await session.execute(
            insert(Court).values(row).on_conflict_do_update(index_elements=["id"], set_=changed)
        )
    for row in statutes:
        changed = {key: row[key] for key in ("title", "nibrs", "charge_class", "to_on")}
        await session.execute(
            insert(Statute)
            .values(row)
            .on_conflict_do_update(index_elements=["site_id", "code", "from_on"], set_=changed)
        )


def command(words: list[str]) -> int:
    """Run the command; returns its exit status."""
    if len(words) != 1:
        sys.stderr.write("usage: python -m svc_cases lists FILE\n")
        return 2
    try:
        courts, statutes = read_lists(tomllib.loads(Path(words[0]).read_text(encoding="utf-8")))
    except (OSError, tomllib.TOMLDecodeError, ListError) as error:
        sys.stderr.write(f"{words[0]}: {error}\n")
        return 2

    async def run() -> None:
        chassis = build_chassis(read_service_settings("cases"))
        try:
            async with chassis.database.write() as session:
                await store_lists(session, courts, statutes)
        finally:
            await chassis.close()

    asyncio.run(run())
    sys.stdout.write(f"lists: {len(courts)} courts, {len(statutes)} statutes\n")
    return 0
