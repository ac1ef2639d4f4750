"""What the publisher counts here: one observation for each person on a roster.

The tables are of the whole state, so days are those of the academy.
"""

from collections.abc import Mapping, Sequence
from datetime import date

from infra.database import ReadSession
from infra.indicators.definitions import Categories, Indicator, Observation, Population, Split
from infra.indicators.periods import Period, bounds
from svc_training.clearances.rules import ACADEMY_ZONE
from svc_training.indicators import repository, rules


class TrainingFigures:
    """The figures of this service (``infra.indicators.publishing.Source``)."""

    @property
    def indicators(self) -> Sequence[Indicator]:
        """Return what is published."""
        return rules.INDICATORS

    async def first_days(self, session: ReadSession) -> Mapping[str, date]:
        """Return since when there is anything to count."""
        first_at = await repository.first_entry(session)
        if first_at is None:
            return {}
        return {rules.EVERYWHERE: first_at.astimezone(ACADEMY_ZONE).date()}

    async def categories(self, session: ReadSession, site_id: str) -> Categories:
        """Return all categories of each split; the same everywhere."""
        del site_id
        return {Split.AGENCY: await repository.agencies(session)}

    async def observations(
        self, session: ReadSession, site_id: str, population: Population, period: Period
    ) -> Sequence[Observation]:
        """Return everybody on a roster."""
        del site_id, population
        _, over = bounds((period.starts_on, period.ends_on), ACADEMY_ZONE)
        return [
            Observation(
                {"TRAINED": rules.trained(row["latest"], period.starts_on)},
                {Split.AGENCY: row["agency_id"]},
            )
            for row in await repository.staff(session, period.ends_on, over)
        ]
