"""What the publisher counts here: one observation for each person of a population."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID
from zoneinfo import ZoneInfo

from infra.database import ReadSession
from infra.errors import bug
from infra.indicators.definitions import Categories, Indicator, Observation, Population, Split
from infra.indicators.groups import Groups, GroupsOfPeople
from infra.indicators.periods import Period, bounds, midnight
from svc_cases.cases.repository import zone_of_site
from svc_cases.indicators import repository, rules

_Categories = Mapping[Split, str]
_SOME_DAY = date(2000, 1, 1)


class CaseFigures:
    """The figures of this service (``infra.indicators.publishing.Source``)."""

    def __init__(self, groups: GroupsOfPeople | None = None) -> None:
        """Take who tells of people; with None, nobody who was referred is counted, nor split."""
        self._groups = groups

    @property
    def indicators(self) -> Sequence[Indicator]:
        """Return what is published."""
        if self._groups is None:
            return [each for each in rules.INDICATORS if each not in rules.PUBLIC]
        return rules.INDICATORS

    async def first_days(self, session: ReadSession) -> Mapping[str, date]:
        """Return by site since when there is anything to count."""
        return await repository.first_days(session)

    async def categories(self, session: ReadSession, site_id: str) -> Categories:
        """Return all categories of each split.

        Raises:
            GroupsError: the service of people does not tell its groups now.
        """
        site = UUID(site_id)
        of_people: Categories = {}
        if self._groups is not None:
            told = await self._groups.of(site, {}, _SOME_DAY, _SOME_DAY)
            of_people = {
                split: [*told.categories[split], *_unless_there(told.categories[split])]
                for split in rules.OF_PEOPLE
            }
        return {
            Split.OFFENCE: [*rules.OFFENCES, rules.OTHER_OFFENCE],
            Split.AGENCY: await repository.agencies(session, site),
            **of_people,
        }

    async def observations(
        self, session: ReadSession, site_id: str, population: Population, period: Period
    ) -> Sequence[Observation]:
        """Return everybody of a population at a site in a period.

        Raises:
            GroupsError: the service of people does not tell their groups now.
        """
        site = UUID(site_id)
        days = (period.starts_on, period.ends_on)
        if population is rules.INVITED:
            since, over = bounds(days, await _zone(session, site))
            return [
                Observation(
                    {"ATTENDANCE": rules.attendance(row["invited"], row["came"])},
                    {Split.AGENCY: row["agency_id"]},
                )
                for row in await repository.invited(session, site, since, over)
            ]
        merged = {} if self._groups is None else await self._groups.merged(site)
        if population is rules.WITH_WARRANT:
            found = await repository.warrants(session, site, days, merged)
            first = {row["participant_id"]: row["first_on"] for row in found}
            groups = await self._groups_of(site, first, period)
            return [
                Observation(
                    {"WARRANTS": rules.warrant(row["status"])},
                    {
                        Split.AGENCY: str(row["prosecutor_agency_id"]),
                        **groups[row["participant_id"]],
                    },
                )
                for row in found
            ]
        if population is rules.AGREED:
            return await self._agreed(session, site, period, merged)
        if population is rules.MATCHED:
            matched = await repository.matched(session, site, days, merged)
            groups = await self._groups_of(site, matched, period)
            return await _matched(session, site, matched, groups, merged)
        (months,) = [each for each, known in rules.REFERRED.items() if known is population]
        year = date(period.starts_on.year, 1, 1)
        if await repository.is_published(session, site, rules.MATCHED_BY_YEAR[months], year):
            return []  # counted once, and never again: a table of nobody is suppressed
        people = await self._referred(site, period)
        groups = await self._groups_of(site, people, period)
        return await _changed(session, people, groups, months, merged)

    async def _agreed(
        self, session: ReadSession, site: UUID, period: Period, merged: repository.Merged
    ) -> list[Observation]:
        until = midnight(period.settled_on(), await _zone(session, site))
        days = (period.starts_on, period.ends_on)
        found = await repository.agreed(session, site, days, until, merged)
        first = {row["participant_id"]: row["day"] for row in found}
        groups = await self._groups_of(site, first, period)
        return [
            Observation(
                {"ACTIONS": rules.actions(row["agreed"], row["closed"])},
                groups[row["participant_id"]],
            )
            for row in found
        ]

    async def _referred(self, site: UUID, period: Period) -> Mapping[UUID, date]:
        """Return everybody whose first referral at a site lies in a period, with its day."""
        if self._groups is None:
            bug("nobody tells who was referred, and still they are counted")
        return await self._groups.referred(site, period.starts_on, period.ends_on)

    async def _groups_of(
        self, site: UUID, days: Mapping[UUID, date], period: Period
    ) -> Mapping[UUID, _Categories]:
        """Return the groups of people; who was never referred at the site is in none that is known.

        The programme is the last one that somebody had a place in until the period is counted;
        for who was referred until their quarter is, as in the tables of ``svc_participants``.
        """
        if self._groups is None:
            return {person: {} for person in days}
        told = Groups({}, {})
        if days:
            told = await self._groups.of(site, days, period.starts_on, period.settled_on())
        unknown = dict.fromkeys(rules.OF_PEOPLE, rules.NOT_KNOWN)
        return {person: told.people.get(person, unknown) for person in days}


async def _zone(session: ReadSession, site: UUID) -> ZoneInfo:
    """Return the zone of a site, which is that of its courts; UTC where it has none."""
    return ZoneInfo(await zone_of_site(session, site) or "UTC")


def _unless_there(categories: Sequence[str]) -> list[str]:
    return [] if rules.NOT_KNOWN in categories else [rules.NOT_KNOWN]


async def _matched(
    session: ReadSession,
    site: UUID,
    people: Mapping[UUID, date],
    groups: Mapping[UUID, _Categories],
    merged: repository.Merged,
) -> list[Observation]:
    observed = []
    for person, found in (await repository.cases(session, list(people), merged)).items():
        cases = [each.case for each in found]
        observed.append(
            Observation(
                {"DIVERSION": rules.diversion(cases), "FILING": rules.filing(cases)},
                {**_of_first(found, site), **groups[person]},
            )
        )
    return observed


async def _changed(
    session: ReadSession,
    people: Mapping[UUID, date],
    groups: Mapping[UUID, _Categories],
    months: int,
    merged: repository.Merged,
) -> list[Observation]:
    cases = await repository.cases(session, list(people), merged)
    observed = []
    for person, day in people.items():
        own = [each.case for each in cases.get(person, ())]
        observed.append(
            Observation(
                {
                    f"FILED_CASES_{months}M": rules.change(own, day, months),
                    f"FILED_FELONIES_{months}M": rules.felony_change(own, day, months),
                },
                groups[person],
            )
        )
    return observed


def _of_first(found: Sequence[repository.Docketed], site: UUID) -> _Categories:
    """Return offence and office of the case at the site that was matched first."""
    first = next(each for each in found if each.site_id == site)
    return {Split.OFFENCE: rules.offence(first.case.offence), Split.AGENCY: first.office}
