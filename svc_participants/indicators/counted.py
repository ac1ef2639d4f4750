"""What the publisher counts here: one observation for each person of a population."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID

from infra.database import ReadSession
from infra.indicators.definitions import Categories, Indicator, Observation, Population, Split
from infra.indicators.periods import Period
from svc_participants.indicators import repository, rules
from svc_participants.referrals.rules import Door


class ParticipantFigures:
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
        site = UUID(site_id)
        return {
            **rules.PERSON_CATEGORIES,
            Split.AGENCY: await repository.agencies(session, site),
            Split.PLACE: [*await repository.districts(session, site), rules.ELSEWHERE],
        }

    async def observations(
        self, session: ReadSession, site_id: str, population: Population, period: Period
    ) -> Sequence[Observation]:
        """Return everybody of a population at a site in a period."""
        site = UUID(site_id)
        if population is rules.REFERRED:
            return await _referred(session, site, period)
        if population is rules.ENROLLED:
            return await _enrolled(session, site, period)
        return await _referrers(session, site, period)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


async def _referred(session: ReadSession, site: UUID, period: Period) -> list[Observation]:
    found = await repository.referred(session, site, period.starts_on, period.ends_on)
    until = _midnight(period.settled_on())
    steps = await repository.referral_steps(session, [each["id"] for each in found], until)
    districts = await repository.districts(session, site)
    observed = []
    for row in found:
        taken = steps.get(row["id"], [])
        # Rows that were taken over from elsewhere have no steps; they stand as they stand.
        status = taken[-1].to if taken else row["status"]
        observed.append(
            Observation(
                {
                    "DECISION": rules.decision(status, row["decision_reason"]),
                    "COUNTERFACTUAL": rules.counterfactual(row["counterfactual"]),
                    "FIRST_CONTACT": rules.first_contact(row["submitted_at"], taken),
                    "INTAKE": rules.intake(row["submitted_at"], taken),
                    "WAIT": rules.wait(status, taken, until),
                },
                {
                    Split.DOOR: row["door"],
                    Split.AGENCY: str(row["author_agency_id"]),
                    Split.PLACE: rules.district(row["place"], districts),
                    **rules.of_person(repository.about(row), row["submitted_on"]),
                },
            )
        )
    return observed


async def _enrolled(session: ReadSession, site: UUID, period: Period) -> list[Observation]:
    found = await repository.enrolled(session, site, period.starts_on, period.ends_on)
    people = [each["participant_id"] for each in found]
    after = period.ends_on + timedelta(days=1)
    steps = await repository.enrollment_steps(session, [each["id"] for each in found], after)
    loads = await repository.caseloads(session, people, period.ends_on)
    homes = await repository.housing(session, people, period.ends_on)
    observed = []
    for row in found:
        taken = steps.get(row["id"], [])
        status = taken[-1].to if taken else row["status"]
        began, latest = homes.get(row["participant_id"], (None, None))
        on = max(row["enrolled_on"], period.starts_on)
        observed.append(
            Observation(
                {
                    "ENGAGEMENT": rules.engagement(
                        taken, _midnight(period.starts_on), status, row["exit_reason"]
                    ),
                    "CASELOAD": rules.caseload(loads.get(row["participant_id"], [])),
                    "HOUSING_AT_INTAKE": rules.housing(began),
                    "HOUSING_LATEST": rules.housing(latest),
                },
                {
                    Split.DOOR: row["door"] or Door.COMMUNITY.value,
                    Split.AGENCY: str(row["provider_agency_id"]),
                    **rules.of_person(repository.about(row), on),
                },
            )
        )
    return observed


async def _referrers(session: ReadSession, site: UUID, period: Period) -> list[Observation]:
    found = await repository.referrers(session, site, period.starts_on, period.ends_on)
    return [
        Observation(
            {"REFERRALS_MADE": rules.referrals_made(row["made"])},
            {Split.DOOR: row["door"], Split.AGENCY: str(row["agency_id"])},
        )
        for row in found
    ]
