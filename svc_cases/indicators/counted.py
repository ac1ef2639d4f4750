"""What the publisher counts here: one observation for each person of a population."""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

from infra.database import ReadSession
from infra.indicators.definitions import Categories, Indicator, Observation, Population, Split
from infra.indicators.periods import Period
from svc_cases.indicators import repository, rules


class CaseFigures:
    """The figures of this service (``infra.indicators.publishing.Source``)."""

    @property
    def indicators(self) -> Sequence[Indicator]:
        """Return what is published."""
        return rules.INDICATORS

    async def first_days(self, session: ReadSession) -> Mapping[str, date]:
        """Return by site since when there is anything to count."""
        return await repository.first_days(session)

    async def categories(self, session: ReadSession, site_id: str) -> Categories:
        """Return all categories of each split."""
        return {
            Split.OFFENCE: [*rules.OFFENCES, rules.OTHER_OFFENCE],
            Split.AGENCY: await repository.agencies(session, UUID(site_id)),
        }

    async def observations(
        self, session: ReadSession, site_id: str, population: Population, period: Period
    ) -> Sequence[Observation]:
        """Return everybody of a population at a site in a period."""
        given = (session, UUID(site_id), period.starts_on, period.ends_on)
        if population is rules.INVITED:
            return [
                Observation(
                    {"ATTENDANCE": rules.attendance(row["invited"], row["came"])},
                    {Split.AGENCY: row["agency_id"]},
                )
                for row in await repository.invited(*given)
            ]
        if population is rules.WITH_WARRANT:
            return [
                Observation(
                    {"WARRANTS": rules.warrant(row["status"])},
                    {Split.AGENCY: str(row["prosecutor_agency_id"])},
                )
                for row in await repository.warrants(*given)
            ]
        if population is rules.MATCHED:
            return await _matched(session, await repository.matched(*given))
        (months,) = [each for each, known in rules.REFERRED.items() if known is population]
        return await _changed(session, await repository.referred(*given), months)


async def _matched(session: ReadSession, people: Mapping[UUID, date]) -> list[Observation]:
    observed = []
    for found in (await repository.cases(session, list(people))).values():
        cases = [case for case, _ in found]
        observed.append(
            Observation(
                {"DIVERSION": rules.diversion(cases), "FILING": rules.filing(cases)},
                {Split.OFFENCE: rules.offence(cases[0].offence), Split.AGENCY: found[0][1]},
            )
        )
    return observed


async def _changed(
    session: ReadSession, people: Mapping[UUID, date], months: int
) -> list[Observation]:
    observed = []
    for person, found in (await repository.cases(session, list(people))).items():
        cases = [case for case, _ in found]
        observed.append(
            Observation(
                {
                    f"CASES_{months}M": rules.change(cases, people[person], months),
                    f"FELONIES_{months}M": rules.felony_change(cases, people[person], months),
                },
                {Split.OFFENCE: rules.offence(cases[0].offence)},
            )
        )
    return observed
