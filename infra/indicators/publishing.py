"""Publishes the tables of periods that have settled, and reads what was published.

Each period is counted in one read-only snapshot and stored in one transaction; whichever instance
stores first wins, and nobody counts that period again. A site that brings years with it has many
periods at once: a look counts a bounded number, the newest first, and pauses after each.
"""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from time import monotonic
from typing import Protocol

import structlog
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert

from infra import clock
from infra.database import AnySession, Database, ReadSession, WriteSession
from infra.indicators.counting import ShownTable, tables_of
from infra.indicators.definitions import (
    Categories,
    Indicator,
    Observation,
    Population,
    Split,
)
from infra.indicators.periods import Period, settled_periods
from infra.indicators.tables import Publication, PublishedTable

LOOK_EVERY_SECONDS = 600.0
LOOK_AGAIN_SECONDS = 60.0
"""Until the next look when there was more than one look may count."""
LOOK_AFTER_FAILURE_SECONDS = 5.0
"""Until the next look after one that failed; doubled each time, up to ``LOOK_EVERY_SECONDS``."""
MOST_AT_A_LOOK = 100
_MOST_DOUBLINGS = 10
BULK_LOAD_LOCK = 0x676F6C64
"""Advisory lock of whoever loads a database in bulk: nothing is counted meanwhile."""
_IS_FREE = text("select pg_try_advisory_xact_lock_shared(:key)")
_PAUSE_FACTOR = 3.0
"""Counting takes a quarter of a connection's time at most: people are waiting for theirs."""
_log = structlog.get_logger(__name__)


class Source(Protocol):
    """What a service counts."""

    @property
    def indicators(self) -> Sequence[Indicator]:
        """Return what is published."""

    async def first_days(self, session: ReadSession) -> Mapping[str, date]:
        """Return by site since when there is anything to count."""

    async def observations(
        self, session: ReadSession, site_id: str, population: Population, period: Period
    ) -> Sequence[Observation]:
        """Return everybody of a population at a site in a period."""

    async def categories(self, session: ReadSession, site_id: str) -> Categories:
        """Return all categories of each split."""


class Elsewhere(Protocol):
    """Tables that another service counts, by groups that this one does not know."""

    async def tables(
        self, session: ReadSession, site_id: str, population: Population, period: Period
    ) -> Sequence[ShownTable]:
        """Return the tables of a population at a site in a period, by these splits alone."""


@dataclass(frozen=True, slots=True)
class Published:
    """One table, and when it was published."""

    table: PublishedTable
    publication: Publication

    def period(self, indicator: Indicator) -> Period:
        """Return the period that the table is of."""
        return Period(self.table.starts_on, indicator.population.grain)


class Publisher:
    """Looks now and then for periods that have settled."""

    def __init__(
        self, database: Database, source: Source, elsewhere: Elsewhere | None = None
    ) -> None:
        self._database = database
        self._source = source
        self._elsewhere = elsewhere
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._run(), name="indicator-publisher")

    async def stop(self) -> None:
        """Stop; a period that is being counted is counted again later."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def publish_settled(self, today: date, most: int | None = None) -> int:
        """Publish settled periods that are not published yet; returns how many it looked at.

        Args:
            today: a day that has begun at every site, so that none before it goes on.
            most: how many periods at most, the newest of all sites first; None: all.
        """
        waiting = await self._waiting(today)
        chosen = waiting if most is None else waiting[:most]
        for number, (starts_on, site_id, population) in enumerate(chosen, start=1):
            began = monotonic()
            await self._publish(site_id, population, Period(starts_on, population.grain))
            if most is not None and number < len(chosen):
                await asyncio.sleep((monotonic() - began) * _PAUSE_FACTOR)
        return len(chosen)

    async def _waiting(self, today: date) -> list[tuple[date, str, Population]]:
        """Return what is settled and not published: start, site and population; newest first."""
        async with self._database.read() as session:
            if not await _may_count(session):
                return []
            first_days = await self._source.first_days(session)
            known = {tuple(row) for row in await session.execute(_PUBLISHED)}
        populations = {each.population.key: each.population for each in self._source.indicators}
        waiting = [
            (period.starts_on, site_id, each)
            for site_id, first_on in first_days.items()
            for each in populations.values()
            for period in settled_periods(first_on, today, each.grain, each.settling_months)
            if (site_id, each.key, period.starts_on) not in known
        ]
        waiting.sort(key=lambda one: (one[1], one[2].key))
        waiting.sort(key=lambda one: one[0], reverse=True)
        return waiting

    async def _publish(self, site_id: str, population: Population, period: Period) -> bool:
        indicators = [
            each for each in self._source.indicators if each.population.key == population.key
        ]
        async with self._database.read() as snapshot:
            if not await _may_count(snapshot):
                return False
            observed = await self._source.observations(snapshot, site_id, population, period)
            categories = await self._source.categories(snapshot, site_id)
            made = tables_of(indicators, observed, categories)
            if self._elsewhere is not None:
                made += await self._elsewhere.tables(snapshot, site_id, population, period)
        async with self._database.write() as session:
            if not await _claim(session, site_id, population, period):
                return False
            for table in made:
                session.add(
                    PublishedTable(
                        site_id=site_id,
                        indicator=table.indicator,
                        split=table.split.value,
                        starts_on=period.starts_on,
                        population=population.key,
                        shown=table.shown,
                    )
                )
        return True

    async def _run(self) -> None:
        failed = 0
        while True:
            try:
                looked_at = await self.publish_settled(clock.earliest_day(), MOST_AT_A_LOOK)
            except Exception as error:  # whatever it is, the next look may go better
                _log.warning("publishing_failed", error_type=type(error).__name__)
                pause = min(LOOK_AFTER_FAILURE_SECONDS * 2**failed, LOOK_EVERY_SECONDS)
                failed = min(failed + 1, _MOST_DOUBLINGS)
            else:
                is_more = looked_at == MOST_AT_A_LOOK
                pause, failed = (LOOK_AGAIN_SECONDS if is_more else LOOK_EVERY_SECONDS), 0
            await asyncio.sleep(pause)


async def _may_count(session: ReadSession) -> bool:
    """Return whether nobody is loading the database in bulk: what is half loaded is not counted."""
    return bool(await session.scalar(_IS_FREE, {"key": BULK_LOAD_LOCK}))


_PUBLISHED = select(Publication.site_id, Publication.population, Publication.starts_on)


async def _claim(
    session: WriteSession, site_id: str, population: Population, period: Period
) -> bool:
    statement = (
        insert(Publication)
        .values(
            site_id=site_id,
            population=population.key,
            starts_on=period.starts_on,
            published_at=clock.now(),
        )
        .on_conflict_do_nothing()
        .returning(Publication.site_id)
    )
    return (await session.scalar(statement)) is not None


async def published(
    session: AnySession,
    site_id: str,
    indicators: Sequence[Indicator],
    *,
    split: Split,
    periods: int,
) -> list[Published]:
    """Return the newest tables of indicators by a split, newest period first.

    Args:
        session: the request's snapshot.
        site_id: site that the caller acts at.
        indicators: which ones.
        split: by what.
        periods: how many of the newest of each population.
    """
    found: list[Published] = []
    for population in dict.fromkeys(each.population.key for each in indicators):
        keys = [each.key for each in indicators if each.population.key == population]
        newest = (
            select(Publication.starts_on)
            .where(Publication.site_id == site_id, Publication.population == population)
            .order_by(Publication.starts_on.desc())
            .limit(periods)
        )
        statement = (
            select(PublishedTable, Publication)
            .join(
                Publication,
                (Publication.site_id == PublishedTable.site_id)
                & (Publication.population == PublishedTable.population)
                & (Publication.starts_on == PublishedTable.starts_on),
            )
            .where(
                PublishedTable.site_id == site_id,
                PublishedTable.indicator.in_(keys),
                PublishedTable.split == split.value,
                PublishedTable.starts_on.in_(newest),
            )
        )
        rows = [Published(*row) for row in await session.execute(statement)]
        rows.sort(key=lambda row: row.table.indicator)
        rows.sort(key=lambda row: row.table.starts_on, reverse=True)
        found += rows
    return found
