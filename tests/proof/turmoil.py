"""Random changes of a world through the services' own commands: releases, roles, caseloads, MOUs.

Nothing here writes a row past the product but the two things that only time does in life: a role
grant that is taken away is given back afterwards, and so is an agency's membership.
"""

import random
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import text

from infra import clock
from infra.identity_token import Caller
from infra.vocabulary import Category, Purpose, Role
from svc_consent.authority.repository import record_change
from svc_consent.authority.rules import subject_key
from tests.fixtures.service_app import caller
from tests.fixtures.site_days import site_today
from tests.proof.house import House
from tests.proof.oracle.consent import Row, World

FORM = "GENERAL@2026-01"
_SIGN = """mutation($input: SignReleaseInput!) { signRelease(input: $input) {
  release { id version status } userErrors { code field message } } }"""
_REVOKE = """mutation($input: RevokeReleaseInput!) { revokeRelease(input: $input) {
  release { id } userErrors { code } } }"""
_MEMBERSHIP = """mutation($input: ChangeMembershipInput!) { changeMembership(input: $input) {
  agency { id } userErrors { code message } } }"""
_END = """mutation($input: EndAssignmentInput!) { endAssignment(input: $input) {
  assignment { id } userErrors { code } } }"""
_ASSIGN = """mutation($input: AssignCaseManagerInput!) { assignCaseManager(input: $input) {
  assignment { id } userErrors { code } } }"""
_END_COUNSEL = """mutation($input: EndCounselInput!) { endCounsel(input: $input) {
  counsel { id } userErrors { code } } }"""
_COUNSEL = """mutation($input: RecordCounselInput!) { recordCounsel(input: $input) {
  counsel { id } userErrors { code } } }"""

RELEASABLE = (
    "IDENTITY", "CONTACT", "REFERRAL", "ELIGIBILITY", "ENROLLMENT", "CASE_NOTES", "PSYCHOSOCIAL",
    "GOALS_PLAN", "SUD", "MENTAL_HEALTH", "HEALTH_HIV", "HOUSING", "INCOME", "DEMOGRAPHICS",
    "LEGAL_COORD", "WARRANTS", "OWG",
)  # fmt: skip
_PURPOSES = (
    "LEAD_COORD", "LEAD_REFERRAL", "LEAD_LEGAL_COORD", "CAREMGT", "COC", "TREAT", "HQUALIMP",
    "HPRGRP",
)  # fmt: skip
_MOST = 1000  # single permissions that one form can give


_EVERYTHING: dict[Category, str] = {
    each: "*|o" if each in (Category.ENROLLMENT, Category.LEGAL_COORD, Category.AUDIT) else "*"
    for each in Category
    if each not in (Category.STRUCTURE, Category.CATALOGUE)
}
_GRANT = text("update role_grant set revoked_at = case when :revoked then now() end where id = :id")


class Turmoil:
    """Stirs one house; whatever it takes away for a while it gives back in ``calm``."""

    def __init__(self, house: House, dice: random.Random, world: World) -> None:
        self._house = house
        self._dice = dice
        self._site = str(house.document["sites"][0]["id"])
        self._world = world
        self._revoked: list[Row] = []
        self._suspended: list[str] = []

    def _at(self, agency: str, role: Role = Role.SUP) -> Caller:
        """Return somebody at an agency whom the services let do what staff there does."""
        return caller(
            role,
            _EVERYTHING,
            subject=str(uuid4()),
            agency_id=agency,
            site_id=self._site,
            purpose=Purpose.CAREMGT,
            permit=str(uuid4()),
        )

    async def _do(
        self, service: str, who: Caller, mutation: str, given: Mapping[str, Any]
    ) -> dict[str, Any]:
        payload = {**given, "idempotencyKey": uuid4().hex}
        answer = await self._house.as_caller(service, who, mutation, {"input": payload})
        (result,) = answer.values()
        return dict(result)

    def people(self) -> list[str]:
        """Return the participants of the first site."""
        return [
            str(each["id"])
            for each in self._world.tables["participant"]
            if str(each["site_id"]) == self._site
        ]

    def agencies(self) -> list[str]:
        """Return the agencies of the first site."""
        return [
            str(each["agency_id"]) for each in self._world.rows("membership", site_id=self._site)
        ]

    def _providers(self) -> list[str]:
        return [each for each in self.agencies() if self._world.rows("agency", id=each, type="CM")]

    def _platform(self) -> list[str]:
        """Return the operator's agency, whose last administrator nobody can shut out."""
        return [str(each["id"]) for each in self._world.rows("agency", type="PLATFORM")]

    async def sign(self, participant: str, **changes: Any) -> dict[str, Any]:
        """Have a random form signed."""
        dice = self._dice
        given: dict[str, Any] = {
            "participantId": participant,
            "provisions": [self._provision() for _ in range(dice.randint(1, 5))],
            "signature": {"method": "WET_INK", "signedAt": _ago(dice)},
            "formVersion": FORM if dice.random() < 0.9 else None,
            "expiresAt": _ahead(dice),
            "standsBeside": dice.random() < 0.6,
            **changes,
        }
        who = self._at(dice.choice(self._providers()))
        result = await self._do("consent", who, _SIGN, given)
        assert not result["userErrors"], result
        return dict(result["release"])

    def _provision(self) -> dict[str, Any]:
        dice = self._dice
        provision: dict[str, Any] = {
            "recipientAgencyId": dice.choice(self.agencies()),
            "categories": sorted({"IDENTITY", *dice.sample(RELEASABLE, dice.randint(1, 10))})
            if dice.random() < 0.8
            else dice.sample(RELEASABLE, dice.randint(1, 5)),
            "purposes": dice.sample(_PURPOSES, dice.randint(2, len(_PURPOSES))),
            "effect": "DENY" if dice.random() < 0.18 else "PERMIT",
        }
        if dice.random() < 0.2:
            start = clock.now().date() - timedelta(days=dice.randint(20, 400))
            provision["dataFrom"] = start.isoformat()
            provision["dataTo"] = (start + timedelta(days=dice.randint(10, 200))).isoformat()
        if dice.random() < 0.1:
            provision["expiresAt"] = _ahead(dice)
        return provision

    async def open_to_all(self, participant: str, *categories: str) -> None:
        """Have forms signed that open categories to everybody for every purpose; all without."""
        opened, agencies = sorted(categories or RELEASABLE), self.agencies()
        at_once = max(1, _MOST // (len(opened) * len(agencies)))
        for first in range(0, len(_PURPOSES), at_once):
            provisions = [
                {
                    "recipientAgencyId": each,
                    "categories": opened,
                    "purposes": list(_PURPOSES[first : first + at_once]),
                    "effect": "PERMIT",
                }
                for each in agencies
            ]
            ends_at = (clock.now() + timedelta(days=30)).isoformat()
            await self.sign(
                participant, provisions=provisions, formVersion=FORM, expiresAt=ends_at,
                standsBeside=True,
            )  # fmt: skip

    async def revoke(self, release: Mapping[str, Any]) -> None:
        """Take a release back."""
        result = await self._do(
            "consent",
            self._at(self._providers()[0]),
            _REVOKE,
            {
                "releaseId": str(release["id"]),
                "expectedVersion": release["version"],
                "reason": "Asked for it.",
            },
        )
        assert not result["userErrors"], result

    async def stir(self, steps: int) -> None:
        """Make some random changes; the world given is the one before them."""
        dice = self._dice
        in_force = [
            each
            for each in self._world.tables["release"]
            if each["status"] == "ACTIVE" and str(each["site_id"]) == self._site
        ]
        for _ in range(steps):
            match dice.choices(range(6), (10, 4, 2, 2, 1, 1))[0]:
                case 0:
                    await self.sign(dice.choice(self.people()))
                case 1 if in_force:
                    await self._revoke_if_in_force(in_force.pop(dice.randrange(len(in_force))))
                case 2:
                    await self._change_caseload()
                case 3:
                    await self._change_counsel()
                case 4:
                    await self._take_role_away()
                case 5:
                    await self._suspend()

    async def _revoke_if_in_force(self, release: Row) -> None:
        (now,) = await self._house.services["consent"].rows(
            "select id, version, status from release where id = :id", id=release["id"]
        )
        if now["status"] == "ACTIVE":  # it may have been superseded meanwhile
            await self.revoke(now)

    async def _change_caseload(self) -> None:
        open_ones = [
            each for each in self._world.tables["caseload_assignment"] if each["ended_at"] is None
        ]
        one = self._dice.choice(open_ones)
        who = self._at(str(one["agency_id"]))
        if self._dice.random() < 0.5:
            given = {"assignmentId": str(one["id"]), "expectedVersion": one["version"]}
            await self._do("participants", who, _END, given)
            return
        staff = [
            each["account_id"]
            for each in self._world.rows("role_grant", role="CM", agency_id=one["agency_id"])
        ]
        given = {
            "participantId": str(one["participant_id"]),
            "accountId": str(self._dice.choice(staff)),
        }
        await self._do("participants", who, _ASSIGN, given)

    async def _change_counsel(self) -> None:
        present = [
            each for each in self._world.tables["counsel_of_record"] if each["ended_at"] is None
        ]
        provider = self._providers()[0]
        if present and self._dice.random() < 0.4:
            one = self._dice.choice(present)
            given = {"counselId": str(one["id"]), "expectedVersion": one["version"]}
            await self._do("cases", self._at(provider), _END_COUNSEL, given)
            return
        defender = self._dice.choice(self._world.rows("role_grant", role="DEF"))
        given = {
            "participantId": self._dice.choice(self.people()),
            "defenderAccountId": str(defender["account_id"]),
            "agencyId": str(defender["agency_id"]),
            "confirmedOn": site_today().isoformat(),
        }
        await self._do("cases", self._at(provider), _COUNSEL, given)

    async def _take_role_away(self) -> None:
        grant = self._dice.choice(
            [each for each in self._world.tables["role_grant"] if each["revoked_at"] is None]
        )
        self._revoked.append(grant)
        await self._set_revoked(grant, is_revoked=True)

    async def _set_revoked(self, grant: Row, *, is_revoked: bool) -> None:
        async with self._house.services["consent"].chassis.database.write() as session:
            await session.execute(_GRANT, {"id": grant["id"], "revoked": is_revoked})
            await record_change(session, [subject_key(grant["account_id"])], [])

    async def _suspend(self) -> None:
        agency = self._dice.choice(self.agencies())
        stays = [*self._providers(), *self._platform()]
        if agency not in self._suspended and agency not in stays:
            self._suspended.append(agency)
            await self._set_membership(agency, "SUSPENDED")

    async def _set_membership(self, agency: str, status: str) -> None:
        (row,) = await self._house.services["consent"].rows(
            "select version from membership where agency_id = :agency and site_id = :site",
            agency=agency,
            site=self._site,
        )
        operator = next(each for each in self._world.tables["agency"] if each["type"] == "PLATFORM")
        result = await self._do(
            "consent",
            self._at(str(operator["id"]), Role.PLA),
            _MEMBERSHIP,
            {
                "agencyId": agency,
                "status": status,
                "expectedVersion": row["version"],
                "reason": "A test's.",
            },
        )
        assert not result["userErrors"], result

    async def calm(self) -> None:
        """Give roles and memberships back."""
        for grant in self._revoked:
            await self._set_revoked(grant, is_revoked=False)
        for agency in self._suspended:
            await self._set_membership(agency, "MOU_SIGNED")
        self._revoked.clear()
        self._suspended.clear()


def _ago(dice: random.Random) -> str:
    return (clock.now() - timedelta(hours=dice.randint(1, 2000))).isoformat()


def _ahead(dice: random.Random) -> str:
    """Return an end: most lie far ahead, some so near that they pass before anybody asks."""
    seconds = 3 if dice.random() < 0.15 else dice.randint(3600, 10_000_000)
    return (clock.now() + timedelta(seconds=seconds)).isoformat()
