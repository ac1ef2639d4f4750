"""Signing and revoking over GraphQL: what comes into force, what goes, who may."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
import pytest_asyncio
from sqlalchemy import Date, Uuid, event, literal, select, true

from infra.authority.predicate import agency_holder, visible
from infra.identity_token import Caller
from infra.vocabulary import Basis, Category, Purpose, Role
from svc_consent.releases import commands, elements, repository, rules
from tests.fixtures.consent_world import ConsentWorld, in_hands_of, soon
from tests.fixtures.release_case import IDENTITY, Case, new_case
from tests.fixtures.service_app import ServiceAppFactory, caller

READ = """query Read($of: [_Any!]!) { _entities(representations: $of) { ... on Participant {
  releases { totalCount edges { node { id status number } } } } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def case(world: ConsentWorld) -> Case:
    return await new_case(world)


async def test_signed_release_is_in_force_until_it_is_revoked(case: Case) -> None:
    before = await case.world.head()
    signed = await case.sign(case.form())
    assert signed["userErrors"] == []
    assert (signed["release"]["status"], signed["release"]["number"]) == ("ACTIVE", 1)
    assert signed["release"]["provisions"] == [{"recipient": {"name": "Agency LE"}}]
    assert await case.officer_sees() == ["IDENTITY"]
    revoked = await case.revoke(signed["release"])
    assert revoked["release"]["status"] == "REVOKED"
    assert await case.officer_sees() == []
    assert await case.world.head() == before + 2


async def test_new_version_takes_the_place_in_one_revision(case: Case) -> None:
    first = await case.sign(case.form())
    before = await case.world.head()
    own = case.provision(recipientAgencyId=case.manager.agency_id)
    second = await case.sign(case.form(provisions=[own]))
    assert await case.world.head() == before + 1
    assert second["release"]["number"] == 2
    assert await case.officer_sees() == []
    read = await _releases(case, case.acting())
    assert [(each["id"], each["status"]) for each in read] == [
        (second["release"]["id"], "ACTIVE"),
        (first["release"]["id"], "SUPERSEDED"),
    ]


async def test_releases_side_by_side_permit_the_union_minus_what_one_denies(case: Case) -> None:
    await case.sign(case.form())
    other = case.provision(categories=["HOUSING"])
    await case.sign(case.form(provisions=[other], standsBeside=True))
    access = {"IDENTITY": "r", "HOUSING": "r"}
    answer = await case.world.decisions(case.officer, [case.participant], access)
    assert answer["decisions"][0]["categories"] == ["IDENTITY", "HOUSING"]
    both = [case.provision(categories=["CONTACT"]), case.provision(effect="DENY")]
    await case.sign(case.form(provisions=both, standsBeside=True))
    answer = await case.world.decisions(case.officer, [case.participant], access)
    assert answer["decisions"][0]["categories"] == ["HOUSING"]


async def test_incomplete_form_is_defective_and_permits_nothing(case: Case) -> None:
    signed = await case.sign(
        case.form(formVersion=None, signature={"signedAt": soon(-60).isoformat()})
    )
    assert signed["release"]["status"] == "DEFECTIVE"
    missing = ["right_to_revoke", "signature", "redisclosure", "conditioning"]
    assert signed["release"]["missingElements"] == missing
    assert await case.officer_sees() == []


async def test_defective_form_replaces_nothing(case: Case) -> None:
    await case.sign(case.form())
    await case.sign(case.form(expiresAt=None))
    assert await case.officer_sees() == ["IDENTITY"]


async def test_provision_ends_by_its_own_date(case: Case) -> None:
    end = soon(1800).isoformat()
    await case.sign(case.form(provisions=[case.provision(expiresAt=end)]))
    answer = await case.world.decisions(case.officer, [case.participant], IDENTITY)
    assert answer["decisions"][0]["validUntil"] == end


async def test_purpose_that_is_never_allowed_cannot_be_signed_for(case: Case) -> None:
    signed = await case.sign(case.form(provisions=[case.provision(purposes=["PROSECUTION"])]))
    assert [error["code"] for error in signed["userErrors"]] == ["NOT_RELEASABLE"]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"provision": {"dataFrom": "2026-02-01", "dataTo": "2026-01-01"}}, "PERIOD_INVALID"),
        ({"expiresAt": soon(-60).isoformat()}, "EXPIRED"),
        ({"provision": {"expiresAt": soon(-60).isoformat()}}, "EXPIRED"),
        ({"signature": {"signedAt": soon(3600).isoformat(), "method": "WET_INK"}}, "SIGNED_AHEAD"),
        ({"expiresAt": "2036-01-01T00:00:00"}, "TIME_ZONE_MISSING"),
        ({"kind": "CJ_CONDITIONAL_2_35"}, "KIND_NOT_TAKEN"),
        ({"provision": {"recipientAgencyId": "nonsense"}}, "UNKNOWN_RECIPIENT"),
        ({"idempotencyKey": ""}, "IDEMPOTENCY_KEY_REUSED"),
    ],
)
async def test_form_that_cannot_be_is_refused(
    case: Case, changes: dict[str, Any], code: str
) -> None:
    provision = case.provision(**changes.pop("provision", {}))
    signed = await case.sign(case.form(provisions=[provision], **changes))
    assert [error["code"] for error in signed["userErrors"]] == [code]
    assert await _releases(case, case.acting()) == []


async def test_data_period_narrows_rows_by_their_date(case: Case) -> None:
    period = {"dataFrom": "2026-01-01", "dataTo": "2026-06-30"}
    await case.sign(case.form(provisions=[case.provision(**period)]))
    officer = caller(
        Role.LEO, {Category.IDENTITY: "r"}, subject=case.officer.subject,
        agency_id=case.officer.agency_id, site_id=str(case.world.site_id),
        purpose=Purpose.LEAD_COORD,
    )  # fmt: skip
    seen = []
    async with case.world.service.chassis.database.read() as session:
        for day in (date(2025, 12, 31), date(2026, 1, 1), date(2026, 6, 30), date(2026, 7, 1)):
            condition = visible(
                officer, Category.IDENTITY, literal(UUID(case.participant), Uuid),
                dated_on=literal(day, Date),
            )  # fmt: skip
            seen.append(await session.scalar(select(literal(1)).where(condition)) is not None)
    assert seen == [False, True, True, False]


async def test_recipient_outside_the_site_is_refused(case: Case) -> None:
    form = case.form(provisions=[case.provision(recipientAgencyId=str(uuid4()))])
    signed = await case.sign(form)
    assert [error["code"] for error in signed["userErrors"]] == ["UNKNOWN_RECIPIENT"]


async def test_case_manager_without_assignment_finds_nobody(case: Case) -> None:
    stranger = case.acting(subject=str(uuid4()))
    hidden = await case.sign(case.form(), stranger)
    absent = await case.sign(case.form(participantId=str(uuid4())), stranger)
    assert hidden == absent
    assert [error["code"] for error in hidden["userErrors"]] == ["NOT_FOUND"]
    signed = await case.sign(case.form())
    assert (await case.revoke(signed["release"], stranger))["userErrors"][0]["code"] == "NOT_FOUND"
    assert await _releases(case, stranger) == []


async def test_officer_cannot_sign_even_with_a_ground(case: Case) -> None:
    officer = case.acting(role=Role.LEO)
    signed = await case.sign(case.form(), officer)
    assert [error["code"] for error in signed["userErrors"]] == ["FORBIDDEN"]


async def test_participant_signs_and_revokes_alone(case: Case) -> None:
    account = await case.world.make_person("PAR", "")
    await case.world.permit(case.participant, in_hands_of(account), Basis.SELF)
    await case.world.permit(
        case.participant, agency_holder(case.manager.agency_id), Basis.OWN_AGENCY
    )
    acting = caller(
        Role.PAR, {Category.AUDIT: "s"}, subject=account.subject, agency_id="",
        site_id=str(case.world.site_id), purpose=Purpose.PATRQT,
    )  # fmt: skip
    signed = await case.sign(case.form(), acting)
    assert signed["release"]["status"] == "ACTIVE"
    assert await case.officer_sees() == ["IDENTITY"]
    revoked = await case.revoke(signed["release"], acting)
    assert revoked["release"]["status"] == "REVOKED"
    assert await case.officer_sees() == []


async def test_same_key_signs_once(case: Case) -> None:
    form = case.form()
    first, again = await case.sign(form), await case.sign(form)
    assert first == again
    assert len(await _releases(case, case.acting())) == 1


async def test_stale_version_does_not_revoke(case: Case) -> None:
    signed = await case.sign(case.form())
    stale = {**signed["release"], "version": 7}
    assert (await case.revoke(stale))["userErrors"][0]["code"] == "VERSION_CONFLICT"
    assert await case.officer_sees() == ["IDENTITY"]


_STATEMENTS: ContextVar[list[str] | None] = ContextVar("statements", default=None)


@contextmanager
def _statements(case: Case) -> Iterator[list[str]]:
    """Collect the statements that requests of this test run, and those of nobody else."""
    engine = case.world.service.chassis.database.engine.sync_engine

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if (found := _STATEMENTS.get()) is not None:
            found.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    found: list[str] = []
    before = _STATEMENTS.set(found)
    try:
        yield found
    finally:
        _STATEMENTS.reset(before)
        event.remove(engine, "before_cursor_execute", note)


async def test_a_change_of_consent_takes_few_statements(case: Case) -> None:
    """Their number is most of what it costs; these include the payload that is read afterwards."""
    await case.revoke((await case.sign(case.form()))["release"])
    with _statements(case) as signing:
        signed = await case.sign(case.form())
    with _statements(case) as revoking:
        await case.revoke(signed["release"])
    assert 5 < len(signing) <= 20, signing
    assert 5 < len(revoking) <= 13, revoking


async def _releases(case: Case, acting: Caller) -> list[dict[str, Any]]:
    of = [{"__typename": "Participant", "id": case.participant}]
    answer = await case.world.service.graphql(acting, READ, {"of": of})
    releases = answer.data["_entities"][0]["releases"]
    assert releases["totalCount"] == len(releases["edges"])
    return [edge["node"] for edge in releases["edges"]]


def _everybody(*_arguments: object) -> Any:
    return true()


@pytest.mark.parametrize(
    ("check", "module", "name", "broken"),
    [
        (test_case_manager_without_assignment_finds_nobody, repository, "_visible", _everybody),
        (test_officer_cannot_sign_even_with_a_ground, commands, "check_role", lambda _: None),
        (test_incomplete_form_is_defective_and_permits_nothing, elements, "missing_elements",
         lambda *_: ()),
        (test_signed_release_is_in_force_until_it_is_revoked, rules, "row_ids", lambda _: []),
        (test_new_version_takes_the_place_in_one_revision, rules, "row_ids", lambda _: []),
        (test_purpose_that_is_never_allowed_cannot_be_signed_for, rules, "forbidden_words",
         lambda _: []),
    ],
)  # fmt: skip
async def test_planted_bug_is_caught(
    case: Case, monkeypatch: pytest.MonkeyPatch, check: Any, module: Any, name: str, broken: Any
) -> None:
    monkeypatch.setattr(module, name, broken)
    with pytest.raises(AssertionError):
        await check(case)
