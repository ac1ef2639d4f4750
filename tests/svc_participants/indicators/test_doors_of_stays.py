"""By which door and in which district whoever is enrolled is counted, also without a referral."""

from dataclasses import replace
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from infra.indicators.definitions import Grain, Split
from infra.indicators.periods import period_of
from svc_participants.indicators import repository
from svc_participants.indicators.counted import ParticipantFigures
from svc_participants.indicators.populations import ENROLLED, STARTED
from tests.fixtures.service_app import ServiceApp
from tests.svc_participants.indicators.people_of_a_site import (
    BEGAN,
    Somebody,
    add_people,
    refer_again,
    settle_site,
)

CAME = Somebody(enrolled_on=BEGAN)
YEAR = period_of(BEGAN, Grain.YEAR)


async def back_again(service: ServiceApp, site: UUID, *later: Somebody) -> UUID:
    """Somebody who left and came back: the new stay has no referral of its own."""
    (person,) = await add_people(service, site, [replace(CAME, status="ENROLLED")])
    for each in later:
        await refer_again(service, site, person, each)
    async with service.chassis.database.write() as session:
        await session.execute(
            text("update enrollment set exited_on = '2025-05-01', exit_reason = 'PERSON_WITHDREW',"
                 " status = 'EXITED' where participant_id = :id"),
            {"id": person},
        )  # fmt: skip
        await session.execute(
            text("insert into enrollment (id, participant_id, site_id, provider_agency_id, status,"
                 " consent_to_contact, enrolled_on, intake_completed_on, created_at, version)"
                 " select gen_random_uuid(), participant_id, site_id, provider_agency_id,"
                 " 'ENROLLED_ACTIVE', 'YES', '2025-07-01', intake_completed_on, now(), 1"
                 " from enrollment where participant_id = :id"),
            {"id": person},
        )  # fmt: skip
    return person


async def groups(service: ServiceApp, site: UUID, population: Any = ENROLLED) -> tuple[str, str]:
    async with service.chassis.database.read() as session:
        (seen,) = await ParticipantFigures().observations(session, str(site), population, YEAR)
    return seen.categories[Split.DOOR], seen.categories[Split.PLACE]


async def returned_by_the_first_door(service: ServiceApp) -> bool:
    site = uuid4()
    await settle_site(service, site)
    await back_again(service, site)
    return await groups(service, site) == ("ARREST_DIVERSION", "Downtown")


async def test_whoever_came_back_is_counted_by_the_referral_that_led_in(
    participants: ServiceApp,
) -> None:
    assert await returned_by_the_first_door(participants)


async def test_planted_count_by_the_stays_own_referral_alone_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = repository._ENROLLED.replace(
        repository.REFERRAL_OF_STAY, "left join referral r on r.id = e.referral_id"
    )
    monkeypatch.setattr(repository, "_ENROLLED", narrow)
    assert not await returned_by_the_first_door(participants)


async def test_the_newest_referral_before_the_return_counts_unless_it_led_nowhere(
    participants: ServiceApp,
) -> None:
    again = Somebody(door="SOCIAL_CONTACT", place="Harbor", submitted_on=date(2025, 6, 1))
    declined = replace(again, status="DECLINED_INELIGIBLE", submitted_on=date(2025, 6, 9))
    later = replace(again, door="COMMUNITY", submitted_on=date(2025, 8, 1))
    site = uuid4()
    await settle_site(participants, site)
    await back_again(participants, site, again, replace(declined, door="COMMUNITY"), later)
    assert await groups(participants, site) == ("SOCIAL_CONTACT", "Harbor")
    assert await groups(participants, site, STARTED) == ("ARREST_DIVERSION", "Downtown")


async def test_whoever_was_never_referred_came_by_no_door_that_is_known(
    participants: ServiceApp,
) -> None:
    site = uuid4()
    await settle_site(participants, site)
    (person,) = await add_people(participants, site, [CAME])
    async with participants.chassis.database.write() as session:
        for statement in (
            "update enrollment set referral_id = null where participant_id = :id",
            "update referral set status = 'WITHDRAWN' where participant_id = :id",
        ):
            await session.execute(text(statement), {"id": person})
    for population in (ENROLLED, STARTED):
        assert await groups(participants, site, population) == ("NOT_KNOWN", "ELSEWHERE")
