"""A login is bound by a one-time code only, and unbound at once."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from infra.identity_token import Caller
from infra.vocabulary import Category, Purpose, Role
from svc_consent.bindings import commands, repository, rules
from tests.fixtures.consent_world import ConsentWorld
from tests.fixtures.release_case import Case, new_case
from tests.fixtures.service_app import ServiceAppFactory, caller, new_key

USE, PRINCIPAL = "/internal/bindings/use", "/internal/directory/principal"
BINDING = "binding { id kind endsAt }"
READ = """query Read($of: [_Any!]!) { _entities(representations: $of) { ... on Participant {
  bindings { id kind authority endsAt version } } } }"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def case(world: ConsentWorld) -> Case:
    return await new_case(world)


async def issue(case: Case, acting: Caller | None = None, **more: Any) -> dict[str, Any]:
    given = {"participantId": case.participant, **more}
    return await case.run("issueBindingCode", given, "code expiresAt", acting)


async def use(case: Case, login: str, code: str) -> int:
    """Return the status that the gateway answers with."""
    answer = await case.world.ok(USE, {"issuer": "dev", "subject": login, "code": code})
    return 200 if answer["bound"] else 403


async def account(case: Case, login: str) -> tuple[str | None, list[str]]:
    answer = await case.world.ok(PRINCIPAL, {"issuer": "dev", "subject": login})
    return answer["subject"], [grant["role"] for grant in answer["grants"]]


async def sees(case: Case, subject: str | None, categories: dict[str, str], role: str) -> list[str]:
    purpose = "PATRQT" if role == "PAR" else "PWATRNY"
    answer = await case.world.ok(
        "/internal/authority/decisions",
        {
            "subject": subject, "agencyId": "", "siteId": str(case.world.site_id), "role": role,
            "purpose": purpose, "access": categories, "participants": [case.participant],
        },
    )  # fmt: skip
    found: list[str] = answer["decisions"][0]["categories"]
    return found


async def bindings(case: Case) -> list[dict[str, Any]]:
    of = [{"__typename": "Participant", "id": case.participant}]
    answer = await case.world.service.graphql(case.acting(), READ, {"of": of})
    found: list[dict[str, Any]] = answer.data["_entities"][0]["bindings"]
    return found


def login() -> str:
    return f"phone:{uuid4()}"


async def test_code_binds_a_login_that_nobody_knew(case: Case) -> None:
    who, code = login(), (await issue(case))["code"]
    assert await account(case, who) == (None, [])
    assert await use(case, who, code) == 200
    subject, roles = await account(case, who)
    assert roles == ["PAR"]
    assert await sees(case, subject, {"IDENTITY": "s"}, "PAR") == ["IDENTITY"]
    (bound,) = await bindings(case)
    assert (bound["kind"], bound["endsAt"]) == ("SELF", None)


async def test_code_works_once(case: Case) -> None:
    code = (await issue(case, kind="REPRESENTATIVE", authority="Power of attorney"))["code"]
    assert await use(case, login(), code) == 200
    other = login()
    assert await use(case, other, code) == 403
    assert await account(case, other) == (None, [])


async def test_typing_does_not_matter_but_the_code_does(case: Case) -> None:
    code = (await issue(case))["code"]
    wrong = code[:-1] + ("2" if code[-1] != "2" else "3")
    who = login()
    assert await use(case, who, wrong) == 403
    assert await use(case, who, code.lower().replace("-", " ")) == 200


async def test_code_ends(case: Case) -> None:
    code = (await issue(case))["code"]
    await case.world.execute(
        "update binding_code set expires_at = issued_at where code_hash = :hash",
        hash=rules.hash_of(code),
    )
    assert await use(case, login(), code) == 403


async def test_login_that_guesses_has_to_wait_even_with_the_right_code(case: Case) -> None:
    who, code = login(), (await issue(case))["code"]
    for _ in range(rules.MAX_FAILURES):
        assert await use(case, who, rules.new_code()) == 403
    assert await use(case, who, code) == 403
    assert await use(case, login(), code) == 200


async def test_name_and_birth_date_bind_nobody(case: Case) -> None:
    body = {"issuer": "dev", "subject": login(), "name": "Ada", "dateOfBirth": "1990-01-01"}
    status, _ = await case.world.call("POST", USE, body)
    assert status == 400


async def test_staff_login_is_not_bound(case: Case) -> None:
    code = (await issue(case))["code"]
    assert await use(case, case.officer.external_subject, code) == 403
    assert await use(case, login(), code) == 200


async def test_second_login_needs_the_first_to_end(case: Case) -> None:
    await use(case, login(), (await issue(case))["code"])
    refused = await issue(case)
    assert [error["code"] for error in refused["userErrors"]] == ["BOUND"]


async def test_ended_binding_shows_nothing_from_that_moment(case: Case) -> None:
    who = login()
    await use(case, who, (await issue(case))["code"])
    subject, _ = await account(case, who)
    (bound,) = await bindings(case)
    before = await case.world.head()
    given = {
        "bindingId": bound["id"], "expectedVersion": bound["version"], "reason": "Lost the phone",
    }  # fmt: skip
    ended = await case.run("endBinding", given, BINDING)
    assert ended["binding"]["endsAt"] is not None
    assert await sees(case, subject, {"IDENTITY": "s"}, "PAR") == []
    assert await account(case, who) == (subject, [])
    assert await case.world.head() == before + 1
    code = (await issue(case))["code"]
    assert await use(case, login(), code) == 200


async def test_parent_does_not_see_what_the_law_keeps_from_them(case: Case) -> None:
    more: dict[str, Any] = {"kind": "REPRESENTATIVE", "authority": "Mother", "isParent": True}
    who = login()
    await use(case, who, (await issue(case, **more))["code"])
    subject, roles = await account(case, who)
    assert roles == ["REP"]
    asked = {"IDENTITY": "p", "SUD": "p", "MENTAL_HEALTH": "p", "HOUSING": "p"}
    assert await sees(case, subject, asked, "REP") == ["IDENTITY", "HOUSING"]


async def test_representative_needs_a_right(case: Case) -> None:
    refused = await issue(case, kind="REPRESENTATIVE")
    assert [error["code"] for error in refused["userErrors"]] == ["AUTHORITY_NEEDED"]


async def test_only_the_case_manager_s_side_hands_codes_over(case: Case) -> None:
    for role in (Role.LEO, Role.PAR, Role.AGA, Role.PM):
        refused = await issue(case, case.acting(role=role))
        assert [error["code"] for error in refused["userErrors"]] == ["FORBIDDEN"]
    stranger = await issue(case, case.acting(subject=str(uuid4())))
    assert [error["code"] for error in stranger["userErrors"]] == ["NOT_FOUND"]
    assert stranger["code"] is None


async def test_code_is_shown_once_and_never_stored(case: Case) -> None:
    given = {"participantId": case.participant, "idempotencyKey": new_key()}
    first = await case.run("issueBindingCode", given, "code expiresAt")
    again = await case.run("issueBindingCode", given, "code expiresAt")
    assert first["code"]
    assert again == {**first, "code": None}


async def test_representative_ends_the_own_binding_only(case: Case) -> None:
    await use(case, login(), (await issue(case))["code"])
    (bound,) = await bindings(case)
    representative = caller(
        Role.REP, {Category.AUDIT: "a"}, subject=case.manager.subject, agency_id="",
        site_id=str(case.world.site_id), purpose=Purpose.PWATRNY,
    )  # fmt: skip
    given = {"bindingId": bound["id"], "expectedVersion": bound["version"], "reason": "No"}
    refused = await case.run("endBinding", given, BINDING, representative)
    assert [error["code"] for error in refused["userErrors"]] == ["FORBIDDEN"]


async def _never(*_arguments: object) -> int:
    return 0


@pytest.mark.parametrize(
    ("check", "module", "name", "broken"),
    [
        (test_login_that_guesses_has_to_wait_even_with_the_right_code, repository, "failures",
         _never),
        (test_parent_does_not_see_what_the_law_keeps_from_them, rules, "denial_id",
         lambda binding_id, category: binding_id),
        (test_ended_binding_shows_nothing_from_that_moment, commands, "delete_visibility",
         lambda row_id: {"op": "delete", "table": "visibility", "id": str(uuid4())}),
        (test_typing_does_not_matter_but_the_code_does, rules, "hash_of", lambda code: "same"),
    ],
)  # fmt: skip
async def test_planted_bug_is_caught(
    case: Case, monkeypatch: pytest.MonkeyPatch, check: Any, module: Any, name: str, broken: Any
) -> None:
    monkeypatch.setattr(module, name, broken)
    with pytest.raises(AssertionError):
        await check(case)
