"""Which roles an agency's people page offers to take away, and which the platform's page does."""

import re
from typing import Any

import pytest

from gateway.web.console import roles
from gateway.web.console.views import agencies, agency_facts, agency_people
from tests.gateway.web.console.test_long_training_lists import NOW, Row, Service, page_of, shown

AGENCY = {
    "id": "agency", "name": "Cedar Falls Police", "type": "LE", "grantableRoles": ["LEO"],
    "requestableRoles": [], "memberships": [],
}  # fmt: skip
HERE, ELSEWHERE = {"id": "here"}, {"id": "elsewhere"}


def grant_of(id_: str, role: str, **changes: Any) -> Row:
    return {
        "id": id_, "role": role, "liaison": False, "status": "ACTIVE", "version": 3,
        "grantedAt": NOW.isoformat(), "site": HERE, "agency": AGENCY,
        "account": {"id": f"who-{id_}", "name": f"Name {id_}", "isBlocked": False, "version": 1},
        **changes,
    }  # fmt: skip


class Directory(Service):
    """Answers with the grants of one agency, one of which somebody acts under."""

    def __init__(self, role: str) -> None:
        super().__init__()
        self.own = grant_of("g", role)
        self.grants = [self.own, *(grant_of(each.lower(), each) for each in ("LEO", "AGA", "PRV"))]
        self.grants += [grant_of("pla", "PLA"), grant_of("gone", "PRV", status="REVOKED")]
        self.grants += [grant_of("far", "AGA", site=ELSEWHERE)]
        self.grants += [grant_of("too", "AGA", account=self.own["account"])]
        self.sent: list[Row] = []
        self.errors: list[Row] = []

    def root(self) -> dict[str, Any]:
        return super().root() | {
            "agencyGrants": lambda _info, **asked: self._of_agency(**asked),
            "myGrants": lambda _info, **page: page_of([self.own], **page),
            "dormantGrants": lambda _info, **asked: self._dormant(**asked),
            "revokeRole": self._revoke,
        }

    def _of_agency(self, **asked: Any) -> Row:
        del asked["agencyId"]
        return page_of(self.grants, **asked)

    def _dormant(self, **asked: Any) -> Row:
        del asked["agencyId"], asked["days"]
        return page_of([{"roleGrant": each, "accountId": "x"} for each in self.grants], **asked)

    def _revoke(self, _info: Any, input: Row) -> Row:  # noqa: A002 - the argument's name
        self.sent.append(input)
        return {"roleGrant": None, "userErrors": self.errors}


OF_AGENCY = r'href="/console/agency/grants/([a-z]+)/revoke"'
OF_PLATFORM = r'action="/console/agencies/[a-z]*/grants/([a-z]+)/revoke"'


async def _the_agency_is_offered_its_own() -> None:
    page = await shown(Directory("AGA"), agencies.own, role="AGA")
    assert re.findall(OF_AGENCY, page) == ["leo"]
    assert "The platform takes it away" in page
    page = await shown(Directory("AGA"), agency_facts.dormant, role="AGA")
    assert re.findall(OF_AGENCY, page) == ["leo"]


async def _the_platform_is_offered_what_is_left() -> None:
    page = await shown(Directory("PLA"), agency_people.listed, role="PLA")
    assert sorted(re.findall(OF_PLATFORM, page)) == ["aga", "pla", "prv"]
    page = await shown(Directory("PLA"), agency_facts.dormant, role="PLA")
    assert re.findall(OF_AGENCY, page) == []
    assert "on the agency's page" in page


async def test_each_is_offered_what_is_his_to_take_away() -> None:
    await _the_agency_is_offered_its_own()
    await _the_platform_is_offered_what_is_left()


async def test_planted_offers_that_would_be_refused_are_caught(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Everything to the agency; the own, those of another site and those that ended."""

    def everything(_visit: Any, rows: list[Any], _mine: list[Any]) -> set[str]:
        return {each["id"] for each in rows if each["role"] in roles.BY_PLATFORM}

    with monkeypatch.context() as planted:
        planted.setattr(agency_people, "_removable", everything)
        with pytest.raises(AssertionError):
            await _the_platform_is_offered_what_is_left()
    monkeypatch.setattr(roles, "BY_PLATFORM", frozenset())
    with pytest.raises(AssertionError):
        await _the_agency_is_offered_its_own()


async def test_the_platform_takes_away_with_a_reason_alone() -> None:
    service = Directory("PLA")
    page = await shown(
        service, agency_people.take_away, role="PLA", id_="prv", form={"version": "3"}
    )
    assert re.search(r'id="e-reason-prv">Say why', page)
    assert service.sent == []
    form = {"version": "3", "reason": " Has left ", "key": "k"}
    await shown(service, agency_people.take_away, role="PLA", id_="prv", form=form)
    given = {"grantId": "prv", "expectedVersion": 3, "reason": "Has left", "idempotencyKey": "k"}
    assert service.sent == [given]
    service.errors = [{"code": "OWN_GRANT", "message": "Not yours.", "field": ["input", "grantId"]}]
    page = await shown(service, agency_people.take_away, role="PLA", id_="prv", form=form)
    assert re.search(r'id="e-reason-prv">Not yours\.', page)


async def _nobody_is_offered_a_role_for_herself() -> None:
    for query in ("", "account=who-g"):
        page = await shown(Directory("AGA"), agencies.grant, role="AGA", query=query)
        offered = re.findall(r'<option value="who-([a-z]+)"', page)
        assert sorted(offered) == ["aga", "far", "gone", "leo", "pla", "prv"]
    page = await shown(Directory("AGA"), agencies.own, role="AGA")
    assert "account=who-leo" in page
    assert "account=who-g" not in page


async def test_nobody_is_offered_a_role_for_herself(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its twin does not know who she is."""
    await _nobody_is_offered_a_role_for_herself()
    monkeypatch.setattr(agencies, "_own_accounts", lambda _reply: set())
    with pytest.raises(AssertionError):
        await _nobody_is_offered_a_role_for_herself()
