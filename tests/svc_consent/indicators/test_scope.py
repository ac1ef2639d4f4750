"""How much is released: by what a form permits, against the site's partners and agreement."""

from collections.abc import AsyncIterator, Collection, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio

from infra.indicators.publishing import Publisher
from infra.vocabulary import AgencyType, Category, Purpose, Role
from svc_consent.indicators import rules
from svc_consent.indicators.counted import ConsentFigures
from svc_consent.indicators.rules import Named
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.service_app import ServiceAppFactory, caller

PARTNERS = (AgencyType.PMA, AgencyType.LE, AgencyType.PROS)
SIGNED_AT = datetime(2025, 2, 5, 12, tzinfo=UTC)
QUERY = """
{ releaseIndicators(splitBy: NONE) { key outcomes { outcome people } } }
"""


def in_full(kind: AgencyType) -> Named:
    """Return a provision that tells a kind of partner all that the agreement lets it be told."""
    told = rules.told_by_release()[kind]
    return Named(kind, told.categories, told.purposes)


WHOLE = [in_full(each) for each in PARTNERS]
_TO_PROSECUTOR = WHOLE[2]


@pytest.mark.parametrize(
    ("provisions", "expected"),
    [
        (WHOLE, "WHOLE"),
        (WHOLE[:2], "IN_PART"),
        ([*WHOLE[:2], replace(_TO_PROSECUTOR, purposes=frozenset({Purpose.TREAT}))], "IN_PART"),
        ([*WHOLE, replace(_TO_PROSECUTOR, is_denial=True)], "IN_PART"),
        (
            [*WHOLE[:2], replace(_TO_PROSECUTOR, kind=AgencyType.DEF)],
            "IN_PART",
        ),
        (
            [
                *WHOLE[:2],
                replace(_TO_PROSECUTOR, categories=frozenset({Category.IDENTITY})),
                replace(
                    _TO_PROSECUTOR,
                    categories=_TO_PROSECUTOR.categories - {Category.IDENTITY},
                ),
            ],
            "WHOLE",
        ),
        ([], "IN_PART"),
    ],
    ids=["all", "not named", "for nothing it asks", "denied", "another kind", "in two", "nothing"],
)
def test_scope_is_what_the_form_permits(provisions: Sequence[Named], expected: str) -> None:
    assert rules.scope(PARTNERS, provisions) == expected


@pytest.mark.parametrize("kind", list(rules.told_by_release()))
def test_each_category_that_is_not_named_leaves_something_out(kind: AgencyType) -> None:
    full = in_full(kind)
    assert rules.scope([kind], [full]) == "WHOLE"
    assert rules.scope([kind], [replace(full, categories=frozenset(Category))]) == "WHOLE"
    for category in full.categories:
        less = replace(full, categories=full.categories - {category})
        assert rules.scope([kind], [less]) == "IN_PART", category


def test_whom_no_release_tells_who_somebody_is_cannot_be_left_out() -> None:
    told = rules.told_by_release()
    assert {AgencyType.COURT, AgencyType.COMM, AgencyType.EVAL}.isdisjoint(told)
    assert rules.scope([*PARTNERS, AgencyType.COURT, AgencyType.COMM], WHOLE) == "WHOLE"
    for each in told.values():
        assert each.categories.isdisjoint(
            {Category.SUD, Category.MENTAL_HEALTH, Category.HEALTH_HIV, Category.CASE_NOTES}
        ), "told only where a form names them by themselves"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    """The running service; each test makes a site of its own."""
    async with service_app("svc_consent") as service:
        yield ConsentWorld(service)


async def signed(
    world: ConsentWorld, provider: str, recipients: dict[AgencyType, str], terms: Sequence[Named]
) -> None:
    """Make somebody who signed a release with these provisions."""
    release = uuid4()
    await world.execute(
        "insert into release (id, series_id, number, participant_id, disclosing_agency_id, site_id,"
        " kind, status, signed_at, expires_at, missing_elements, recorded_at, version)"
        " values (:id, :id, 1, :person, :agency, :site, 'GENERAL', 'ACTIVE', :signed, :expires,"
        " '{}', :signed, 1)",
        id=release, person=uuid4(), agency=UUID(provider), site=world.site_id, signed=SIGNED_AT,
        expires=datetime(2026, 2, 5, tzinfo=UTC),
    )  # fmt: skip
    for each in terms:
        await world.execute(
            "insert into release_provision (id, release_id, recipient_agency_id, effect,"
            " categories, purposes) values (:id, :release, :agency, :effect, :categories,"
            " :purposes)",
            id=uuid4(), release=release, agency=UUID(recipients[each.kind]),
            effect="deny" if each.is_denial else "permit",
            categories=[one.value for one in each.categories],
            purposes=[one.value for one in each.purposes],
        )  # fmt: skip


async def a_quarter(world: ConsentWorld) -> dict[str, int]:
    """Make a site, people who signed, and return what is published of how much they released."""
    world.site_id = uuid4()
    await world.make_site()
    provider = await world.make_agency("CM")
    recipients = {each: await world.make_agency(each.value) for each in PARTNERS}
    # Its agreement was over before anybody signed: it is no partner any more.
    await world.make_agency("DEF", ends_at=datetime(2024, 12, 1, tzinfo=UTC))
    for _ in range(14):
        await signed(world, provider, recipients, WHOLE)
    for _ in range(12):
        await signed(world, provider, recipients, WHOLE[:2])  # says nothing of the prosecutor
    publisher = Publisher(world.service.chassis.database, ConsentFigures())
    await publisher.publish_settled(date(2025, 5, 1))
    asking = caller(
        Role.PCG, {}, site_id=str(world.site_id), purpose=Purpose.LEAD_EVAL,
        aggregates=frozenset({Category.ENROLLMENT}),
    )  # fmt: skip
    answer = await world.service.graphql(asking, QUERY)
    (table,) = [each for each in answer.data["releaseIndicators"] if each["key"] == "SCOPE"]
    return {each["outcome"]: each["people"] for each in table["outcomes"]}


async def test_a_form_that_does_not_name_the_prosecutor_is_in_part(world: ConsentWorld) -> None:
    assert await a_quarter(world) == {"WHOLE": 14, "IN_PART": 12}


async def test_planted_count_of_denials_alone_is_caught(
    world: ConsentWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody was denied anything by name, so all 26 would count as whole; the test sees it."""

    def denials_alone(partners: Collection[str], provisions: Sequence[Any]) -> str:
        return "IN_PART" if any(each.is_denial for each in provisions) else "WHOLE"

    monkeypatch.setattr(rules, "scope", denials_alone)
    assert await a_quarter(world) != {"WHOLE": 14, "IN_PART": 12}
