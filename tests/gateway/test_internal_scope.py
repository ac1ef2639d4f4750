"""TK-38: whoever asks, and however, the internal token says at most what the agreement's cell does.

The agreement is read cell by cell here, and not by the code that makes the token.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gateway.caller import act
from gateway.errors import RequestRefusedError
from gateway.policy.access_table import AccessTable
from gateway.policy.matrix import CellKind
from gateway.principal import Grant, Principal
from infra.identity_token import GATEWAY_ISSUER, Caller, TokenMinter, TokenVerifier
from infra.signing_keys import SigningKeys, VerificationKeys
from infra.vocabulary import (
    ALWAYS_DENY_PURPOSES,
    STAFF_CATEGORIES,
    STAFF_PURPOSES,
    Category,
    Form,
    Purpose,
    Role,
)
from tests.fixtures.gateway_app import table_of
from tests.fixtures.gateway_subgraphs import supergraph

AUDIENCE = "participants"


@lru_cache(maxsize=1)
def _table() -> AccessTable:
    return table_of(supergraph())


CATEGORIES = st.frozensets(st.sampled_from(list(Category)), max_size=4)
GRANTS = st.builds(
    Grant,
    id=st.just("g"),
    role=st.sampled_from(list(Role)),
    agency_id=st.sampled_from(["", "a"]),
    site_id=st.just("s"),
    is_liaison=st.booleans(),
    service_field=st.sampled_from([None, "SUD", "MH", "HOUSING", "OTHER"]),
    withheld=CATEGORIES,
    withheld_figures=CATEGORIES,
)
ASKED = st.fixed_dictionaries(
    {
        "grant": GRANTS,
        "stated": st.sampled_from([None, *Purpose]),
        "is_service": st.booleans(),
        "is_under_order": st.booleans(),
    }
)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[TokenMinter, TokenVerifier]:
    folder: Path = tmp_path_factory.mktemp("keys")
    (folder / "public").mkdir()
    minter = TokenMinter(SigningKeys(GATEWAY_ISSUER, folder, folder / "public"))
    return minter, TokenVerifier(VerificationKeys(folder / "public"), AUDIENCE)


def _said(keys: tuple[TokenMinter, TokenVerifier], caller: Caller) -> Caller:
    """Return a caller as a service reads it from the token."""
    minter, verifier = keys
    token = minter.for_caller(caller, AUDIENCE)
    return verifier.verify(token, frozenset({GATEWAY_ISSUER})).caller()


def _says_at_most_the_cells(
    asked: dict[str, Any], keys: tuple[TokenMinter, TokenVerifier] | None = None
) -> None:
    table, grant = _table(), asked["grant"]
    principal = Principal("subject", grant, 1, None)
    try:
        acting = act(
            principal, asked["stated"], table,
            is_service=asked["is_service"], is_under_order=asked["is_under_order"],
        )  # fmt: skip
    except RequestRefusedError:
        return  # nobody gets a token
    said = acting.caller if keys is None else _said(keys, acting.caller)
    assert (said.subject, said.grant_id, said.role) == ("subject", "g", grant.role)
    row = table.matrix.columns[acting.column]
    is_about_people = (
        asked["stated"] is not None
        and asked["stated"] not in ALWAYS_DENY_PURPOSES | STAFF_PURPOSES
        and not asked["is_service"]
    )
    for category, grounds in said.access.items():
        cell = row[category]
        assert cell.grounds
        assert grounds == cell.grounds
        assert category not in grant.withheld
        assert cell.form in (None, said.forms.get(category))
        assert is_about_people or category in STAFF_CATEGORIES or cell.form is Form.PUBLIC_RECORD
    for category in said.aggregates:
        assert table.matrix.counts(acting.column, category)
        assert category not in grant.withheld | grant.withheld_figures
        if row[category].kind is CellKind.DEIDENTIFIED:
            assert said.forms[category] is Form.DEIDENTIFIED
    assert said.purpose in (None, asked["stated"])
    assert said.purpose not in ALWAYS_DENY_PURPOSES
    assert said.permit is None
    assert said.event is None


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(asked=ASKED)
def test_tk_38_an_internal_token_says_at_most_what_the_cells_allow(
    keys: tuple[TokenMinter, TokenVerifier], asked: dict[str, Any]
) -> None:
    _says_at_most_the_cells(asked, keys)


def _everybody() -> list[dict[str, Any]]:
    """Return every role with every purpose, as it comes from the directory."""
    return [
        {
            "grant": Grant("g", role, "a", "s", is_liaison, field),
            "stated": stated, "is_service": is_service, "is_under_order": False,
        }
        for role in Role
        for is_liaison in (False, True)
        for field in (None, "SUD")
        for stated in (None, *Purpose)
        for is_service in (False, True)
    ]  # fmt: skip


def test_tk_38_holds_for_every_role_and_purpose() -> None:
    for asked in _everybody():
        _says_at_most_the_cells(asked)


@pytest.mark.parametrize("planted", ["a category more", "wider grounds", "without a purpose"])
def test_tk_38_a_wider_token_would_be_noticed(
    monkeypatch: pytest.MonkeyPatch, planted: str
) -> None:
    """Planted twin: what a token says is made wider than the agreement."""
    honest = AccessTable.access_of

    def access_of(self: AccessTable, column: str, *, has_person_purpose: bool) -> Any:
        if planted == "without a purpose":
            return honest(self, column, has_person_purpose=True)
        access, forms, figures = honest(self, column, has_person_purpose=has_person_purpose)
        if planted == "wider grounds":
            return dict.fromkeys(access, "*"), forms, figures
        return {**access, Category.SUD: "a"}, forms, figures

    monkeypatch.setattr(AccessTable, "access_of", access_of)
    with pytest.raises(AssertionError):
        test_tk_38_holds_for_every_role_and_purpose()
