"""Approving a referral opens the person to a provider: only to one of the referral's own site."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from infra.authority.changes import put_agency_window
from infra.dev.demo.identifiers import demo_id
from svc_participants.referrals import repository
from tests.fixtures.participants_service import (
    BEFORE_OTHERS,
    CARE_PROVIDER,
    LONG_AGO,
    SITE,
    change,
    codes,
    plant,
    project_manager,
    refer,
)
from tests.fixtures.service_app import ServiceApp

ELSEWHERE = str(demo_id("site", "harbor"))
LAST_YEAR = datetime(2025, 1, 1, tzinfo=UTC)
NEXT_CENTURY = datetime(2100, 1, 1, tzinfo=UTC)


async def approve(service: ServiceApp, provider: str) -> dict[str, Any]:
    referral_id = await refer(service)
    return await change(
        service, project_manager(), "decideReferral", "referral { status providerAgencyId }",
        referralId=referral_id, expectedVersion=3, decision="APPROVE", providerAgencyId=provider,
        exceptionReason=BEFORE_OTHERS,
    )  # fmt: skip


async def agency(
    service: ServiceApp,
    site_id: str,
    starts_at: datetime = LONG_AGO,
    ends_at: datetime | None = None,
) -> str:
    """Return a new agency with one window at a site."""
    agency_id = str(uuid4())
    window = put_agency_window(uuid4(), agency_id, site_id, starts_at, ends_at)
    await service.apply_facts([window])
    return agency_id


async def assert_only_live_agencies_of_the_site(service: ServiceApp) -> None:
    assert service.consent is not None
    others = [
        await agency(service, ELSEWHERE),
        await agency(service, SITE, ends_at=LAST_YEAR),
        await agency(service, SITE, starts_at=NEXT_CENTURY),
        str(uuid4()),
        "no id at all",
    ]
    refusals = []
    for each in others:
        payload = await approve(service, each)
        assert codes(payload) == ["PROVIDER_NOT_AT_SITE"]
        assert payload["referral"] is None
        refusals.append(payload["userErrors"])
    assert refusals == [refusals[0]] * len(others)
    handed_over = str(service.consent.handed_over)
    assert not any(each in handed_over for each in others)


async def test_a_referral_goes_to_live_agencies_of_its_site_only(participants: ServiceApp) -> None:
    await assert_only_live_agencies_of_the_site(participants)


async def test_a_planted_hand_over_to_any_agency_is_caught(
    participants: ServiceApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def anybody(*_given: object) -> bool:
        return True

    plant(monkeypatch, repository, "is_live_at_site", anybody)
    with pytest.raises(AssertionError):
        await assert_only_live_agencies_of_the_site(participants)


async def test_a_live_agency_of_the_site_takes_a_referral_up(participants: ServiceApp) -> None:
    payload = await approve(participants, CARE_PROVIDER)
    assert payload["referral"] == {"status": "APPROVED", "providerAgencyId": CARE_PROVIDER}
    new_here = await agency(participants, SITE)
    assert codes(await approve(participants, new_here)) == []
