"""Which organizations of the academy's are linked to an agency: told to who may link one."""

from typing import Any
from uuid import uuid4

import pytest

from infra.identity_token import Caller
from infra.vocabulary import Category, Role
from svc_training.acadis import repository
from svc_training.personnel.commands import reads_own_agency
from tests.fixtures.service_app import ServiceApp, caller
from tests.fixtures.training_service import (
    CASE_MANAGEMENT,
    POLICE,
    account,
    staff_member,
    training_manager,
)
from tests.svc_training.acadis.test_files import LINK, run

LINKED = """query ($first: Int!, $after: String) {
  linkedOrganizations(first: $first, after: $after) {
  edges { node { organizationId linkedBy linkedAt } } totalCount
  pageInfo { hasNextPage endCursor } } }"""


async def asked(training: ServiceApp, asking: Caller, **page: Any) -> Any:
    answer = await training.graphql(asking, LINKED, {"first": 100, **page})
    return answer.data["linkedOrganizations"]


async def seen(training: ServiceApp, asking: Caller) -> set[str]:
    found = await asked(training, asking)
    ids = {each["node"]["organizationId"] for each in found["edges"]}
    assert len(ids) == found["totalCount"]
    return ids


async def linked(training: ServiceApp) -> set[str]:
    """Link two organizations to the police, one twice."""
    ids = {f"O-{uuid4().hex}" for _ in range(2)}
    for each in (*ids, *ids):
        assert (await run(training, LINK, organizationId=each))["userErrors"] == []
    return ids


async def test_a_manager_sees_who_linked_what_page_by_page(training: ServiceApp) -> None:
    ids = await linked(training)
    assert ids <= await seen(training, training_manager())
    found: list[Any] = []
    after: str | None = None
    while True:
        page = await asked(training, training_manager(), first=1, after=after)
        (row,) = (each["node"] for each in page["edges"])
        found.append(row)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    names = [row["organizationId"] for row in found]
    assert names == sorted(set(names))
    assert ids <= set(names)
    own = [row for row in found if row["organizationId"] in ids]
    assert {row["linkedBy"] for row in own} == {account("training_manager")}
    assert all(row["linkedAt"] for row in own)


async def only_the_own_managers_see_them(training: ServiceApp) -> None:
    ids = await linked(training)
    assert ids <= await seen(training, training_manager())
    for asking in (
        training_manager(CASE_MANAGEMENT),
        training_manager(access={Category.TRAINING: "s"}),
        training_manager(agency_id=""),
        caller(Role.AGA, {Category.TRAINING: "o"}, agency_id=POLICE),
        staff_member("officer", Role.LEO, POLICE),
    ):
        assert await seen(training, asking) & ids == set(), f"shown to {asking.role}"


async def test_nobody_but_the_agencys_own_manager_sees_them(training: ServiceApp) -> None:
    await only_the_own_managers_see_them(training)


@pytest.mark.parametrize("planted", [reads_own_agency, lambda caller: caller.role is Role.TRM])
async def test_planted_looser_condition_is_caught(
    training: ServiceApp, monkeypatch: pytest.MonkeyPatch, planted: Any
) -> None:
    """Everybody who reads the agency's training; and training managers whatever they may read."""
    monkeypatch.setattr(repository, "is_training_manager", planted)
    with pytest.raises(AssertionError, match="shown to"):
        await only_the_own_managers_see_them(training)
