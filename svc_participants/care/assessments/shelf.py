"""The instruments of this process, and that each is as it was when somebody was assessed by it."""

import asyncio
import sys
from pathlib import Path
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from infra.database import Database
from svc_participants.care.assessments import repository, rules
from svc_participants.care.assessments.digests import digest_of
from svc_participants.care.assessments.instruments import (
    Instrument,
    InstrumentError,
    Instruments,
    packaged,
    with_own,
)

_START_SECONDS = 5.0
_MOST_NAMED = 20
_log = structlog.get_logger(__name__)


class Shelf:
    """The instruments that there are, read once: at the start, by ``app``."""

    def __init__(self) -> None:
        self._all: Instruments | None = None

    def fill(self, folder: Path | None) -> None:
        """Read those that come with the service, and those of the operator's folder.

        Raises:
            InstrumentError: one is not acceptable.
        """
        self._all = packaged() if folder is None else with_own(folder)

    def all(self) -> Instruments:
        """Return every version of every instrument, of all sites: what was taken is read by it."""
        if self._all is None:
            self.fill(None)
        return self._all or {}

    def at(self, site_id: UUID | None) -> Instruments:
        """Return what is used at a site: what is offered there, and accepted."""
        return {key: each for key, each in self.all().items() if each.is_for(site_id)}

    def taken_by(self, key: str, version: int) -> Instrument:
        """Return what an assessment that there is was taken by, whichever site uses it now.

        Raises:
            RuleError: INSTRUMENT_UNKNOWN.
        """
        return _one(self.all(), key, version)

    def offered(self, site_id: UUID | None, key: str, version: int) -> Instrument:
        """Return what an assessment shall be taken by at a site.

        Raises:
            RuleError: INSTRUMENT_UNKNOWN, alike for none and for another site's.
        """
        return _one(self.at(site_id), key, version)


SHELF = Shelf()
"""That of this process."""


def _one(found: Instruments, key: str, version: int) -> Instrument:
    instrument = found.get((key, version))
    if instrument is None:
        raise rules.unknown_instrument()
    return instrument


class UsedVersions:
    """Looks once whether each version that somebody was assessed under is there, as it was then.

    At the start, which it refuses; where the database is not there by then, before the program
    says that it is ready.

    Args:
        database: of this service.
        folder: the operator's, for the error.
    """

    def __init__(self, database: Database, folder: Path | None) -> None:
        self._database = database
        self._folder = folder
        self._has_looked = False

    async def start(self) -> None:
        """Refuse the start where one is missing, or says other than it did.

        Raises:
            InstrumentError: naming it, and folder or file; written to standard error as well, since
                nothing of an exception but its type is logged.
        """
        try:
            async with asyncio.timeout(_START_SECONDS):
                await self._look()
        except InstrumentError as error:
            sys.stderr.write(f"participants: {error}\n")
            raise
        except (SQLAlchemyError, OSError):  # nobody there, or no table yet
            return

    async def is_ready(self) -> bool:
        """Return whether all are there as they were; asked no more once that is known."""
        if not self._has_looked:
            try:
                await self._look()
            except (InstrumentError, SQLAlchemyError, OSError) as error:
                _log.error("instruments_incomplete", error_type=type(error).__name__)
        return self._has_looked

    async def _look(self) -> None:
        said = {version: digest_of(each) for version, each in SHELF.all().items()}
        async with self._database.read() as session:
            missing = await repository.used_but(session, said)
            kept = await repository.digests(session)
            first_seen = await repository.used_but(session, kept)
        if missing:
            names = ", ".join(f"{key} {version}" for key, version in missing[:_MOST_NAMED])
            where = self._folder or "the instruments of the service"
            raise InstrumentError(f"{where}: missing, though somebody was assessed by it: {names}")
        changed = sorted(each for each in said.keys() & kept.keys() if said[each] != kept[each])
        if changed:
            raise InstrumentError("; ".join(map(_changed, changed[:_MOST_NAMED])))
        if first_seen:  # used before such a record was kept, or entered without the service
            async with self._database.write() as session:
                await repository.keep_digests(session, {each: said[each] for each in first_seen})
        self._has_looked = True


def _changed(version: tuple[str, int]) -> str:
    instrument = SHELF.all()[version]
    name = f"{instrument.key} {instrument.version}"
    return (
        f"{instrument.file}: {name} says other than when somebody was assessed by it;"
        " put back what it said, and give the new wording a new version"
    )
