"""What happens in the evening of a last day counts to that day, by the site's zone."""

from datetime import date, datetime
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from infra.indicators.definitions import Population
from infra.indicators.periods import Period
from svc_participants.caseloads.tables import AssignmentRow
from svc_participants.indicators import counted
from svc_participants.indicators.counted import ParticipantFigures
from svc_participants.indicators.populations import ENROLLED, REFERRED
from svc_participants.referrals.tables import ReferralEventRow, ReferralRow
from tests.fixtures.service_app import ServiceApp
from tests.svc_participants.indicators.people_of_a_site import (
    PROVIDER,
    Somebody,
    add_people,
    settle_site,
)

ZONE = ZoneInfo("America/Los_Angeles")
YEARS_LAST_EVENING = datetime(2025, 12, 31, 23, 30, tzinfo=ZONE)
NEXT_NIGHT = datetime(2026, 1, 1, 0, 30, tzinfo=ZONE)
BEFORE_COUNTING = datetime(2025, 4, 30, 23, 30, tzinfo=ZONE)


async def observed(service: ServiceApp, site: UUID, population: Population) -> list[str]:
    """Return one outcome of everybody of a population of which 2025 is or begins the period."""
    period = Period(date(2025, 1, 1), population.grain)
    key = "CASELOAD" if population is ENROLLED else "DECISION"
    async with service.chassis.database.read() as session:
        found = await ParticipantFigures().observations(session, str(site), population, period)
    return sorted(each.outcomes[key] for each in found)


async def whose_help_ended(service: ServiceApp) -> UUID:
    """Make a site with two people: one's case manager left in the year, the other's after it."""
    site = uuid4()
    await settle_site(service, site)
    enrolled = Somebody(enrolled_on=date(2025, 3, 1))
    people = await add_people(service, site, [enrolled, enrolled])
    async with service.chassis.database.write() as session:
        session.add_all(
            AssignmentRow(
                id=uuid4(), participant_id=person, agency_id=PROVIDER, account_id=str(site),
                starts_on=date(2025, 3, 1), ended_at=ended_at,
                created_at=datetime(2025, 3, 1, 12, tzinfo=ZONE),
            )
            for person, ended_at in zip(people, (YEARS_LAST_EVENING, NEXT_NIGHT), strict=True)
        )  # fmt: skip
    return site


async def who_came_off_the_list(service: ServiceApp) -> UUID:
    """Make a site with somebody who came off the waiting list the evening before the count."""
    site = uuid4()
    await settle_site(service, site)
    (person,) = await add_people(service, site, [Somebody(status="WAITLISTED")])
    async with service.chassis.database.write() as session:
        referral = await session.scalar(
            select(ReferralRow.id).where(ReferralRow.participant_id == person)
        )
        session.add(
            ReferralEventRow(
                id=uuid4(), referral_id=referral, participant_id=person,
                from_status="WAITLISTED", to_status="APPROVED", reason=None,
                by_subject="somebody", happened_at=BEFORE_COUNTING,
            )
        )  # fmt: skip
    return site


MADE = {ENROLLED: whose_help_ended, REFERRED: who_came_off_the_list}
EXPECTED = {ENROLLED: ["NONE", "UP_TO_20"], REFERRED: ["TAKEN_UP"]}


@pytest.mark.parametrize("population", MADE, ids=lambda each: each.key)
async def test_the_last_evening_counts(participants: ServiceApp, population: Population) -> None:
    site = await MADE[population](participants)
    assert await observed(participants, site, population) == EXPECTED[population]


@pytest.mark.parametrize("population", MADE, ids=lambda each: each.key)
async def test_planted_days_of_utc_are_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch, population: Population
) -> None:
    async def utc(_session: Any, _site_id: UUID) -> ZoneInfo:
        return ZoneInfo("UTC")

    monkeypatch.setattr(counted, "zone_of_site", utc)
    site = await MADE[population](participants)
    assert await observed(participants, site, population) != EXPECTED[population]
