"""Who acts, under which one grant, for which purpose: the table of what is let through."""

from importlib import resources
from itertools import product
from types import MappingProxyType
from uuid import uuid4

import pytest

from gateway.caller import act, read_purpose
from gateway.errors import RequestRefusedError
from gateway.pipeline import Answer
from gateway.policy.access_table import AccessTable
from gateway.policy.matrix import Matrix, load_matrix
from gateway.principal import Directory, Grant, Principal
from gateway.release.directory import choose_grant
from infra.vocabulary import ALWAYS_DENY_PURPOSES, STAFF_PURPOSES, Category, Purpose, Role
from svc_consent.authority.rules import subject_key
from tests.factories.policies import table
from tests.fixtures.consent_world import LONG_AGO, Person
from tests.fixtures.gateway_app import GatewayWorld

QUERY = "query Q($id: ID!) { participant(id: $id) { id name } courses { number } }"

PURPOSES: dict[str, set[Purpose]] = {
    "PM": {Purpose.LEAD_COORD, Purpose.LEAD_REFERRAL, Purpose.HPRGRP},
    "CM": {Purpose.CAREMGT, Purpose.COC, Purpose.LEAD_COORD},
    "SUP": {Purpose.CAREMGT, Purpose.HQUALIMP},
    "SUP:under_order": {Purpose.HLEGAL},  # no grant is this row; a court order's door is
    "LEO": {Purpose.LEAD_REFERRAL, Purpose.LEAD_COORD},
    "LEL": {Purpose.LEAD_REFERRAL, Purpose.LEAD_COORD},
    "PRO": {Purpose.LEAD_LEGAL_COORD},
    "DEF": {Purpose.LEAD_LEGAL_COORD},
    "PRB": {Purpose.LEAD_COORD},
    "CRT": set(),
    "SVC": {Purpose.TREAT, Purpose.COC},
    "SVC:HOUSING": {Purpose.COC},
    "COM": {Purpose.LEAD_REFERRAL, Purpose.LEAD_COORD},
    "CLT": {Purpose.LEAD_EVAL, Purpose.GOV},
    "PCG": {Purpose.LEAD_EVAL, Purpose.GOV},
    "EVL": {Purpose.LEAD_EVAL, Purpose.HRESCH},
    "TRM": {Purpose.TRAINING_ADMIN},
    "AGA": {Purpose.HSYSADMIN},
    "PLA": {Purpose.HSYSADMIN},
    "LSB": {Purpose.LEAD_EVAL},
    "PAR": {Purpose.PATRQT},
    "REP": {Purpose.PWATRNY},
    "MED": {Purpose.BTG, Purpose.ETREAT},
    "PRV": {Purpose.RECORDMGT},
}
"""Section 6 of the design, written out here a second time on purpose."""


def _grant(role: Role, **changes: object) -> Grant:
    given: dict[str, object] = {
        "id": str(uuid4()), "role": role, "agency_id": "a", "site_id": "s", "is_liaison": True,
        "service_field": None, **changes,
    }  # fmt: skip
    return Grant(**given)  # type: ignore[arg-type]


def _principal(role: Role, **changes: object) -> Principal:
    return Principal("p", _grant(role, **changes), 1, None)


def _refusal(principal: Principal, purpose: Purpose, access: AccessTable) -> str | None:
    """Return how a role is refused for a purpose, None when it acts for it."""
    try:
        act(principal, purpose, access)
    except RequestRefusedError as refused:
        return f"{refused.status} {refused.code}"
    return None


def _each_role_acts_for_its_purposes_and_the_staff_ones_alone() -> None:
    access = table()
    for role in Role:
        expected = PURPOSES[role.value] | STAFF_PURPOSES | ALWAYS_DENY_PURPOSES
        refusals = {each: _refusal(_principal(role), each, access) for each in Purpose}
        assert {each for each, refusal in refusals.items() if refusal is None} == expected, role
        assert set(refusals.values()) <= {None, "403 PURPOSE_NOT_ALLOWED"}


def test_each_role_acts_for_its_purposes_and_the_staff_ones_alone() -> None:
    _each_role_acts_for_its_purposes_and_the_staff_ones_alone()


def test_purpose_check_that_is_gone_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Planted twin of the test above."""
    monkeypatch.setattr(Matrix, "purposes_of", lambda *_: frozenset(Purpose))
    with pytest.raises(AssertionError):
        _each_role_acts_for_its_purposes_and_the_staff_ones_alone()


def test_a_housing_provider_does_not_act_for_treatment() -> None:
    housing = _principal(Role.SVC, service_field="HOUSING")
    assert _refusal(housing, Purpose.TREAT, table()) == "403 PURPOSE_NOT_ALLOWED"
    assert _refusal(housing, Purpose.COC, table()) is None


@pytest.mark.parametrize("role", Role)
def test_no_purpose_about_persons_gives_no_access_to_any_person(role: Role) -> None:
    """No header, an always-deny purpose and a staff purpose open nothing about a person."""
    matrix, access = load_matrix(), table()
    stated: list[Purpose | None] = [None, *ALWAYS_DENY_PURPOSES, *STAFF_PURPOSES]
    for purpose in stated:
        acting = act(_principal(role), purpose, access)
        column = matrix.columns[acting.column]
        staff = {Category.TRAINING, Category.AGENCY_ROLES}
        public = {Category.LEGAL_PUBLIC} if column[Category.LEGAL_PUBLIC].form else set()
        assert set(acting.access) <= staff | public
        assert acting.view is access.view(acting.column, has_person_purpose=False)
        if purpose in ALWAYS_DENY_PURPOSES:
            assert acting.caller.purpose is None
            assert acting.stated_purpose is purpose


@pytest.mark.parametrize("header", ["", "lead_coord", "LEAD_COORD,TREAT", "*", "nonsense"])
def test_a_word_that_is_no_purpose_is_refused(header: str) -> None:
    with pytest.raises(RequestRefusedError) as refused:
        read_purpose(header)
    assert (refused.value.status, refused.value.code) == (403, "PURPOSE_NOT_ALLOWED")


def _directory(*grants: Grant, is_blocked: bool = False, subject: str | None = "p") -> Directory:
    by_id = MappingProxyType({grant.id: grant for grant in grants})
    return Directory(subject, is_blocked, by_id, 1, None)


def _chosen(directory: Directory, acting_grant: str | None) -> tuple[int, str]:
    try:
        return 200, choose_grant(directory, acting_grant).grant.id
    except RequestRefusedError as refused:
        return refused.status, refused.code


def test_one_request_acts_under_one_grant() -> None:
    first, second = _grant(Role.CM), _grant(Role.SUP)
    both, one = _directory(first, second), _directory(first)
    assert _chosen(one, None) == (200, first.id)
    assert _chosen(one, first.id) == (200, first.id)
    assert _chosen(one, second.id) == (403, "GRANT_REQUIRED")
    assert _chosen(both, None) == (400, "GRANT_AMBIGUOUS")
    assert _chosen(both, second.id) == (200, second.id)
    assert _chosen(both, "") == (403, "GRANT_REQUIRED")
    assert _chosen(_directory(), None) == (403, "GRANT_REQUIRED")
    assert _chosen(_directory(subject=None), None) == (403, "GRANT_REQUIRED")
    blocked = (403, "SUBJECT_BLOCKED")
    for directory, header in product(
        (_directory(first, is_blocked=True), _directory(is_blocked=True)), (None, first.id)
    ):
        assert _chosen(directory, header) == blocked


async def _second_grant(world: GatewayWorld, person: Person, role: str) -> str:
    grant_id = uuid4()
    agency_id = await world.consent.make_agency("CM")
    await world.consent.execute(
        "insert into role_grant (id, account_id, agency_id, site_id, role, is_liaison, starts_at,"
        " reason, granted_at, version)"
        " values (:id, :account, :agency, :site, :role, false, :starts, 'test', now(), 1)",
        id=grant_id, account=person.account_id, agency=agency_id, site=world.consent.site_id,
        role=role, starts=LONG_AGO,
    )  # fmt: skip
    await world.consent.change([subject_key(person.subject)], [])
    return str(grant_id)


def _code(answer: Answer) -> tuple[int, str]:
    (only,) = answer.body["errors"]
    return answer.status, only["extensions"]["code"]


async def test_rights_of_two_grants_are_never_added_up(gateway_world: GatewayWorld) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    stranger = await world.person("LEO")
    participant = await world.participant_of(officer)
    asked = {"id": participant}
    async with world.gateway(follows_feed=True) as gateway:
        manager_grant = await _second_grant(world, officer, "CM")
        assert _code(await gateway.ask(officer, QUERY, asked)) == (400, "GRANT_AMBIGUOUS")
        as_officer = await gateway.ask(officer, QUERY, asked, acting_grant=str(officer.grant_id))
        as_manager = await gateway.ask(officer, QUERY, asked, acting_grant=manager_grant)
        foreign = await gateway.ask(officer, QUERY, asked, acting_grant=str(stranger.grant_id))
    assert as_officer.body["data"]["participant"] == {"id": participant, "name": "Ada"}
    assert as_manager.body["data"]["participant"] is None
    assert _code(foreign) == (403, "GRANT_REQUIRED")


async def test_blocked_account_is_refused_with_the_next_request(
    gateway_world: GatewayWorld,
) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)
    async with world.gateway() as gateway:
        before = await gateway.ask(officer, QUERY, {"id": participant})
        assert before.body["data"]["participant"] is not None
        await world.consent.execute(
            "update account set is_blocked = true where id = :id", id=officer.account_id
        )
        await world.consent.change([subject_key(officer.subject)], [])
        after = await gateway.ask(officer, QUERY, {"id": participant})
    assert _code(after) == (403, "SUBJECT_BLOCKED")
    assert "data" not in after.body


async def test_always_deny_purpose_is_answered_without_persons_and_recorded(
    gateway_world: GatewayWorld,
) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)
    async with world.gateway() as gateway:
        answer = await gateway.ask(officer, QUERY, {"id": participant}, purpose="INVESTIGATION")
    assert answer.status == 200
    assert answer.body["data"] == {"participant": None, "courses": [{"number": "8020"}]}
    assert world.people_http.received == []
    (entry,) = await world.ledger()
    assert (entry["purpose"], entry["participant"]) == ("INVESTIGATION", None)


async def test_purpose_of_another_role_is_refused_before_anything_is_asked(
    gateway_world: GatewayWorld,
) -> None:
    world, officer = gateway_world, await gateway_world.person("LEO")
    participant = await world.participant_of(officer)
    async with world.gateway() as gateway:
        answer = await gateway.ask(officer, QUERY, {"id": participant}, purpose="TREAT")
    assert _code(answer) == (403, "PURPOSE_NOT_ALLOWED")
    assert world.people_http.received == world.library_http.received == []


def test_the_table_of_purposes_names_every_row_of_the_agreement() -> None:
    text = (resources.files("gateway.policy") / "matrix.toml").read_text()
    assert set(PURPOSES) == set(load_matrix(text).purposes)
