"""Figures of releases: signed at intake, in part, taken back; and denied look-ups."""

from collections.abc import AsyncIterator
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from infra.authority.changes import VisibilityFact, put_visibility
from infra.authority.predicate import agency_holder
from infra.identity_token import Caller
from infra.indicators import counting
from infra.indicators.publishing import Publisher
from infra.small_cells import ProtectedTable
from infra.vocabulary import Basis, Category, Purpose, Role
from svc_consent.indicators.counted import ConsentFigures
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.service_app import ServiceAppFactory, caller

TAKEN_IN_AT = datetime(2025, 2, 3, 9, tzinfo=UTC)
QUERY = """
query($by: IndicatorSplit!) {
  releaseIndicators(splitBy: $by) { ...all }
  auditIndicators(splitBy: $by) { ...all }
}
fragment all on IndicatorTable {
  key period people outcomes { outcome people } groups { code people cells { outcome people } }
}
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    """The running service with one site."""
    async with service_app("svc_consent") as service:
        found = ConsentWorld(service)
        await found.make_site()
        yield found


async def someone(
    world: ConsentWorld, agency: str, *, signed_on: date | None, revoked_on: date | None = None,
    is_partial: bool = False, expires_on: date = date(2026, 2, 3), renewed_on: date | None = None,
) -> UUID:  # fmt: skip
    """Make somebody who was taken in, and signed or not; returns who."""
    person, release = uuid4(), uuid4()
    ground = VisibilityFact(
        id=uuid4(),
        participant_id=person,
        holder=agency_holder(agency, str(world.site_id)),
        basis=Basis.OWN_AGENCY,
        starts_at=TAKEN_IN_AT,
    )
    await world.change([], [put_visibility(ground)])
    if signed_on is None:
        return person
    if renewed_on is not None:
        await sign(world, uuid4(), person, agency, renewed_on, date(2027, 1, 1))
    await sign(world, release, person, agency, signed_on, expires_on, revoked_on)
    await world.execute(
        "insert into release_provision (id, release_id, recipient_agency_id, effect, categories,"
        " purposes) values (:id, :release, :agency, :effect, '{}', '{}')",
        id=uuid4(), release=release, agency=UUID(agency), effect="deny" if is_partial else "permit",
    )  # fmt: skip
    return person


async def sign(
    world: ConsentWorld, release: UUID, person: UUID, agency: str, signed_on: date,
    expires_on: date | None, revoked_on: date | None = None,
) -> None:  # fmt: skip
    """Write a release as it stands now."""
    await world.execute(
        "insert into release (id, series_id, number, participant_id, disclosing_agency_id, site_id,"
        " kind, status, signed_at, expires_at, missing_elements, revoked_at, recorded_at, version)"
        " values (:id, :id, 1, :person, :agency, :site, 'LEAD_ROI', :status, :signed,"
        " :expires, '{}', :revoked, :signed, 1)",
        id=release, person=person, agency=UUID(agency), site=world.site_id,
        status="REVOKED" if revoked_on else "ACTIVE", signed=_at(signed_on),
        expires=_at(expires_on) if expires_on else None,
        revoked=_at(revoked_on) if revoked_on else None,
    )  # fmt: skip


def _at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)


def council(world: ConsentWorld, *categories: Category) -> Caller:
    """Return a member of the policy group of the site."""
    return caller(
        Role.PCG, {}, site_id=str(world.site_id), purpose=Purpose.LEAD_EVAL,
        aggregates=frozenset(categories),
    )  # fmt: skip


async def test_releases_by_quarter_and_what_became_of_them(world: ConsentWorld) -> None:
    agency = await world.make_agency("CM")
    for _ in range(20):
        await someone(world, agency, signed_on=date(2025, 2, 5))
    for _ in range(12):
        await someone(world, agency, signed_on=date(2025, 3, 5), is_partial=True)
    for _ in range(13):
        await someone(world, agency, signed_on=date(2025, 2, 6), revoked_on=date(2025, 4, 2))
    for _ in range(11):
        await someone(world, agency, signed_on=None)
    await someone(world, agency, signed_on=date(2025, 2, 6), revoked_on=date(2025, 6, 2))
    publisher = Publisher(world.service.chassis.database, ConsentFigures())
    await publisher.publish_settled(date(2025, 5, 1))
    asking = council(world, Category.ENROLLMENT, Category.AUDIT)
    answer = await world.service.graphql(asking, QUERY, {"by": "AGENCY"})
    found: dict[str, Any] = {each["key"]: each for each in answer.data["releaseIndicators"]}
    assert {
        key: {each["outcome"]: each["people"] for each in table["outcomes"]}
        for key, table in found.items()
        if key != "EXPIRING"
    } == {
        "AT_INTAKE": {"WITHIN_7_DAYS": 34, "LATER": 12, "NOT_SIGNED": 11},
        "SCOPE": {"WHOLE": 34, "IN_PART": 12},
        "KEPT": {"IN_FORCE": 33, "TAKEN_BACK": None, "RUN_OUT": None},
    }
    groups = {each["code"]: each["people"] for each in found["AT_INTAKE"]["groups"]}
    assert groups[agency] == 57


async def a_quarter_that_ends(world: ConsentWorld, *, renewed: int) -> dict[str, Any]:
    """Return the table of releases that run out in the month after a quarter, of a site."""
    site = ConsentWorld(world.service)
    await site.make_site()
    agency, soon = await site.make_agency("CM"), date(2025, 4, 20)
    signed = date(2025, 2, 5)
    for _ in range(20):
        await someone(site, agency, signed_on=signed)
    for _ in range(renewed):
        await someone(
            site, agency, signed_on=signed, expires_on=soon, renewed_on=date(2025, 4, 10)
        )  # fmt: skip
    for _ in range(15):
        await someone(site, agency, signed_on=signed, expires_on=soon)
    # Out of the quarter's end: run out or taken back before, or signed after it.
    await someone(site, agency, signed_on=signed, expires_on=date(2025, 3, 20))
    await someone(site, agency, signed_on=signed, revoked_on=date(2025, 3, 20))
    await someone(site, agency, signed_on=date(2025, 4, 2))
    publisher = Publisher(site.service.chassis.database, ConsentFigures())
    await publisher.publish_settled(date(2025, 5, 1))
    answer = await site.service.graphql(council(site, Category.ENROLLMENT), QUERY, {"by": "AGENCY"})
    (found,) = [each for each in answer.data["releaseIndicators"] if each["key"] == "EXPIRING"]
    return {
        "people": found["people"],
        **{each["outcome"]: each["people"] for each in found["outcomes"]},
    }


async def test_releases_that_run_out_within_a_month_after_the_quarter(world: ConsentWorld) -> None:
    found = await a_quarter_that_ends(world, renewed=12)
    assert found == {"people": 47, "LASTS": 20, "RENEWED": 12, "RAN_OUT": 15}


async def test_few_who_signed_anew_are_hidden_with_others(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = await a_quarter_that_ends(world, renewed=3)
    assert (found["people"], found["RENEWED"]) == (38, None)
    assert None in (found["LASTS"], found["RAN_OUT"]), "else subtraction gives three"
    monkeypatch.setattr(counting, "protect_together", naive)
    assert (await a_quarter_that_ends(world, renewed=3))["RENEWED"] == 3


def naive(many: Any, categories: list[str], outcomes: list[tuple[str, ...]]) -> list[Any]:
    """Hide nothing: the twin that the test must tell apart."""
    return [
        ProtectedTable(
            sum(counts.values()),
            {o: sum(counts[c, o] for c in categories) for o in names},
            {c: sum(counts[c, o] for o in names) for c in categories},
            dict(counts) | {(c, o): counts[c, o] for c in categories for o in names},
        )
        for counts, names in zip(many, outcomes, strict=True)
    ]


async def test_each_field_needs_its_category(world: ConsentWorld) -> None:
    answer = await world.service.graphql(council(world, Category.AUDIT), QUERY, {"by": "NONE"})
    assert answer.data["releaseIndicators"] is None
    assert answer.data["auditIndicators"] is not None
