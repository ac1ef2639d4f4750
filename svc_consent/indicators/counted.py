"""What the publisher counts here: one observation for each person of a population."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from uuid import UUID

from infra.database import ReadSession
from infra.indicators.counting import ShownTable
from infra.indicators.definitions import Categories, Indicator, Observation, Population, Split
from infra.indicators.groups import Counted, MergedRecords, TablesOfGroups
from infra.indicators.periods import Period
from svc_consent.indicators import repository, rules

NOBODY = "NONE"


class ConsentFigures:
    """The figures of this service (``infra.indicators.publishing.Source``)."""

    def __init__(self, who: MergedRecords | None = None) -> None:
        """Take who tells which records are of one person; with None, each counts for itself."""
        self._who = who

    @property
    def indicators(self) -> Sequence[Indicator]:
        """Return what is published."""
        return rules.INDICATORS

    async def first_days(self, session: ReadSession) -> Mapping[str, date]:
        """Return by site since when there is anything to count."""
        return await repository.first_days(session)

    async def categories(self, session: ReadSession, site_id: str) -> Categories:
        """Return all categories of each split."""
        return {Split.AGENCY: [*await repository.agencies(session, site_id), NOBODY]}

    async def observations(
        self, session: ReadSession, site_id: str, population: Population, period: Period
    ) -> Sequence[Observation]:
        """Return everybody of a population at a site in a period.

        Raises:
            GroupsError: the service of people does not tell now whose records are merged.
        """
        found = await _people(session, site_id, population, period, self._who)
        return [_observed(population, each) for each in found]


class TablesByPeople:
    """Tables of releases by groups of people (``infra.indicators.publishing.Elsewhere``).

    Who is in which group is not told here: what each person's outcome is goes to the service that
    knows, and suppressed tables come back (decision record 0020).
    """

    def __init__(self, groups: TablesOfGroups) -> None:
        self._groups = groups

    async def tables(
        self, session: ReadSession, site_id: str, population: Population, period: Period
    ) -> Sequence[ShownTable]:
        """Return the tables of a population at a site in a period, by groups of people.

        Raises:
            GroupsError: the service of people does not count them now.
        """
        if population is rules.ASKERS:
            return ()
        indicators = [each for each in rules.INDICATORS if each.population is population]
        people = {
            row["participant_id"]: Counted(row["day"], _observed(population, row).outcomes)
            for row in await _people(session, site_id, population, period, self._groups)
        }
        return await self._groups.tables(UUID(site_id), indicators, rules.OF_PEOPLE, people)


async def _people(
    session: ReadSession,
    site_id: str,
    population: Population,
    period: Period,
    who: MergedRecords | None,
) -> Sequence[Mapping[str, Any]]:
    is_of_people = who is not None and population is not rules.ASKERS
    merged = await who.merged(UUID(site_id)) if who is not None and is_of_people else {}
    days = (period.starts_on, period.ends_on)
    until = period.settled_on()
    return await repository.people(session, population.key, site_id, days, until, merged)


def _observed(population: Population, row: Mapping[str, Any]) -> Observation:
    if population is rules.ASKERS:
        return Observation({"DENIED_LOOKUPS": rules.denied(int(row["times"]))}, {})
    by_agency = {Split.AGENCY: row["agency_id"] or NOBODY}
    if population is rules.HOLDERS:
        outcome = rules.expiring(lasts=row["lasts"], is_renewed=row["is_renewed"])
        return Observation({"EXPIRING": outcome}, by_agency)
    if population is rules.TAKEN_IN:
        outcome = rules.at_intake(row["taken_in_at"], row["signed_at"])
        return Observation({"AT_INTAKE": outcome}, by_agency)
    return Observation(
        {
            "SCOPE": rules.scope(
                row["partners"] or (), [rules.Named.of(each) for each in row["provisions"] or ()]
            ),
            "KEPT": rules.kept(
                was_taken_back=row["was_taken_back"], is_in_force=row["is_in_force"]
            ),
        },
        by_agency,
    )
