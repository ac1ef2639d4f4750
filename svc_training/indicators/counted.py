"""What the publisher counts here: one observation for each person on a roster."""

from collections.abc import Mapping, Sequence
from datetime import date

from infra.database import ReadSession
from infra.indicators.definitions import Categories, Indicator, Observation, Population, Split
from infra.indicators.periods import Period
from svc_training.indicators import repository, rules


class TrainingFigures:
    """The figures of this service (``infra.indicators.publishing.Source``)."""

    @property
    def indicators(self) -> Sequence[Indicator]:
        """Return what is published."""
        return rules.INDICATORS

    async def first_days(self, session: ReadSession) -> Mapping[str, date]:
        """Return since when there is anything to count."""
        first_on = await repository.first_day(session)
        return {} if first_on is None else {rules.EVERYWHERE: first_on}

    async def categories(self, session: ReadSession, site_id: str) -> Categories:
        """Return all categories of each split; the same everywhere."""
        del site_id
        return {Split.AGENCY: await repository.agencies(session)}

    async def observations(
        self, session: ReadSession, site_id: str, population: Population, period: Period
    ) -> Sequence[Observation]:
        """Return everybody on a roster."""
        del site_id, population
        return [
            Observation(
                {"TRAINED": rules.trained(row["latest"], period.starts_on)},
                {Split.AGENCY: row["agency_id"]},
            )
            for row in await repository.staff(session, period.ends_on)
        ]
