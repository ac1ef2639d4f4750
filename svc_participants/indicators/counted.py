"""What the publisher counts here: one observation for each person of a population."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, timedelta
from typing import Any
from uuid import UUID

from infra.database import ReadSession
from infra.indicators.definitions import Categories, Indicator, Observation, Population, Split
from infra.indicators.periods import Period, midnight
from svc_participants.handoffs.rules import minutes_until
from svc_participants.indicators import (
    called,
    repository,
    repository_after,
    repository_care,
    rules,
    started,
    well_being,
)
from svc_participants.indicators.populations import (
    CALLED,
    ENROLLED,
    NOT_KNOWN,
    REFERRED,
    SERVED,
    STARTED,
)
from svc_participants.people.site_days import zone_of_site


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
        if population is REFERRED:
            return await _referred(session, site, period)
        if population is CALLED:
            return await _called(session, site, period)
        if population is ENROLLED:
            return await _enrolled(session, site, period)
        if population is STARTED:
            return await _started(session, site, period)
        if population is SERVED:
            return await _served(session, site, period)
        return await _referrers(session, site, period)


async def _referred(session: ReadSession, site: UUID, period: Period) -> list[Observation]:
    found = await repository.referred(session, site, period.starts_on, period.ends_on)
    until = midnight(period.settled_on(), await zone_of_site(session, site))
    steps = await repository.referral_steps(session, [each["id"] for each in found], until)
    districts = await repository.districts(session, site)
    people = [each["participant_id"] for each in found]
    # Where the referral led by the day on which the quarter is counted; whoever has no place is
    # LEAD's own, enrolled yet or not.
    places = await repository_care.places(
        session, site, people, period.starts_on, period.settled_on()
    )
    intakes = await repository.intakes(session, site, people, period.settled_on())
    observed = []
    for row in found:
        taken = steps.get(row["id"], [])
        # Rows that were taken over from elsewhere have no steps; they stand as they stand.
        status = taken[-1].to if taken else row["status"]
        kind, funding = places[row["participant_id"]]
        observed.append(
            Observation(
                {
                    "DECISION": rules.decision(status, row["decision_reason"]),
                    "COUNTERFACTUAL": rules.counterfactual(row["counterfactual"]),
                    "FIRST_CONTACT": rules.first_contact(row["submitted_at"], taken),
                    "INTAKE": rules.intake(row["submitted_on"], intakes.get(row["participant_id"])),
                    "WAIT": rules.wait(status, taken, until),
                },
                {
                    Split.DOOR: row["door"],
                    Split.AGENCY: str(row["author_agency_id"]),
                    Split.PLACE: rules.district(row["place"], districts),
                    Split.PROGRAM: kind,
                    Split.FUNDING_SOURCE: funding,
                    **rules.of_person(repository.about(row), row["submitted_on"]),
                },
            )
        )
    return observed


async def _called(session: ReadSession, site: UUID, period: Period) -> list[Observation]:
    districts = await repository.districts(session, site)
    return [
        Observation(
            {"HANDOFF": called.handoff(_minutes(row), row["target_minutes"])},
            {
                Split.AGENCY: str(row["provider_agency_id"]),
                Split.PLACE: rules.district(row["place"], districts),
                **rules.of_person(repository.about(row), row["called_on"]),
            },
        )
        for row in await repository.called(session, site, period.starts_on, period.ends_on)
    ]


def _minutes(row: Mapping[str, Any]) -> int | None:
    return None if row["met_at"] is None else minutes_until(row["met_at"], row["requested_at"])


async def _enrolled(session: ReadSession, site: UUID, period: Period) -> list[Observation]:
    found = await repository.enrolled(session, site, period.starts_on, period.ends_on)
    people = [each["participant_id"] for each in found]
    after = period.ends_on + timedelta(days=1)
    steps = await repository.enrollment_steps(session, [each["id"] for each in found], after)
    zone = await zone_of_site(session, site)
    loads = await repository.caseloads(session, people, period.ends_on, zone)
    homes = await repository_care.housing(session, people, period.ends_on)
    well = await _well_being(session, people, period)
    places = await repository_care.places(session, site, people, period.starts_on, period.ends_on)
    districts = await repository.districts(session, site)
    began_at = midnight(period.starts_on, UTC)  # as the days of these steps are told
    observed = []
    for row in found:
        taken = steps.get(row["id"], [])
        status = taken[-1].to if taken else row["status"]
        began, latest = homes.get(row["participant_id"], (None, None))
        kind, funding = places[row["participant_id"]]
        on = max(row["enrolled_on"], period.starts_on)
        observed.append(
            Observation(
                {
                    "ENGAGEMENT": rules.engagement(taken, began_at, status, row["exit_reason"]),
                    "CASELOAD": rules.caseload(loads.get(row["participant_id"], [])),
                    "HOUSING_AT_INTAKE": well_being.housing(began),
                    "HOUSING_LATEST": well_being.housing(latest),
                    **well[row["participant_id"]],
                },
                {
                    Split.DOOR: row["door"] or NOT_KNOWN,
                    Split.AGENCY: str(row["provider_agency_id"]),
                    Split.PLACE: rules.district(row["place"], districts),
                    Split.PROGRAM: kind,
                    Split.FUNDING_SOURCE: funding,
                    **rules.of_person(repository.about(row), on),
                },
            )
        )
    return observed


async def _served(session: ReadSession, site: UUID, period: Period) -> list[Observation]:
    found = await repository.enrolled(session, site, period.starts_on, period.ends_on)
    people = [each["participant_id"] for each in found]
    made = await repository_care.contacts(session, people, period.starts_on, period.ends_on)
    observed = []
    for row in found:
        first = max(row["enrolled_on"], period.starts_on)
        last = min(row["exited_on"] or period.ends_on, period.ends_on)
        contacts = rules.contacts(made.get(row["participant_id"], 0), first, last)
        observed.append(
            Observation(
                {"CONTACTS": contacts},
                {
                    Split.AGENCY: str(row["provider_agency_id"]),
                    **rules.of_person(repository.about(row), first),
                },
            )
        )
    return observed


async def _started(session: ReadSession, site: UUID, period: Period) -> list[Observation]:
    found = await repository_after.started(session, site, period.starts_on, period.ends_on)
    settled_on = period.settled_on(STARTED.settling_months)
    people = [each["participant_id"] for each in found]
    homes = {
        day: await repository_after.homes(session, people, [each[day] for each in found])
        for day in ("enrolled_on", "half_year_on", "year_on")
    }
    first = await repository_care.housing(session, people, settled_on)
    helped = await repository_after.arranged(session, people, [each["year_on"] for each in found])
    places = await repository_care.places(session, site, people, period.starts_on, settled_on)
    districts = await repository.districts(session, site)
    observed = []
    for row in found:
        person = row["participant_id"]
        kind, funding = places[person]
        began = homes["enrolled_on"][person] or first.get(person, (None, None))[0]
        observed.append(
            Observation(
                {
                    "HOUSING_AT_START": well_being.housing(began),
                    "HOUSING_AFTER_6_MONTHS": well_being.housing(homes["half_year_on"][person]),
                    "HOUSING_AFTER_12_MONTHS": well_being.housing(homes["year_on"][person]),
                    **started.services(helped.get(person, ())),
                },
                {
                    Split.DOOR: row["door"] or NOT_KNOWN,
                    Split.AGENCY: str(row["provider_agency_id"]),
                    Split.PLACE: rules.district(row["place"], districts),
                    Split.PROGRAM: kind,
                    Split.FUNDING_SOURCE: funding,
                    **rules.of_person(repository.about(row), row["enrolled_on"]),
                },
            )
        )
    return observed


async def _well_being(
    session: ReadSession, people: Sequence[UUID], period: Period
) -> dict[UUID, dict[str, str]]:
    incomes = await repository_care.incomes(session, people, period.ends_on)
    benefits = await repository_care.benefits(session, people, period.ends_on)
    safety = await repository_care.safety(session, people, period.starts_on, period.ends_on)
    unknown = repository_care.Income(None, ())
    found = {}
    for each in people:
        first, latest = incomes.get(each, (unknown, unknown))
        overdose, naloxone = safety[each]
        found[each] = {
            "INCOME_AT_INTAKE": well_being.income(first.any_source, first.sources),
            "INCOME_LATEST": well_being.income(latest.any_source, latest.sources),
            "BENEFITS": well_being.benefits(benefits.get(each, ())),
            "OVERDOSE": "OVERDOSE_KNOWN" if overdose else "NO_OVERDOSE",
            "NALOXONE": "NALOXONE_GIVEN" if naloxone else "NO_NALOXONE",
        }
    return found


async def _referrers(session: ReadSession, site: UUID, period: Period) -> list[Observation]:
    found = await repository.referrers(session, site, period.starts_on, period.ends_on)
    return [
        Observation(
            {"REFERRALS_MADE": rules.referrals_made(row["made"])},
            {Split.DOOR: row["door"], Split.AGENCY: str(row["agency_id"])},
        )
        for row in found
    ]
