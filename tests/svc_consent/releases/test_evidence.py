"""What is kept of a signing: packet, electronic evidence, language, copy, document by its hash."""

import hashlib
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from sqlalchemy import text

from svc_consent.releases.elements import law
from tests.fixtures.consent_world import ConsentWorld, soon
from tests.fixtures.release_case import Case, new_case
from tests.fixtures.service_app import ServiceAppFactory

KEPT = """release { id status kind packetId language documentSha256 copyGivenAt signatureMethod
  signedAs formVersion missingElements }"""
DOCUMENT = b"%PDF the form as it was signed"
SHA256 = hashlib.sha256(DOCUMENT).hexdigest()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def case(world: ConsentWorld) -> Case:
    return await new_case(world)


def electronic(**changes: Any) -> dict[str, Any]:
    return {
        "signature": {
            "signedAt": soon(-60).isoformat(), "method": "ELECTRONIC",
            "authenticatedBy": "One-time code to the telephone",
        },
        "documentSha256": SHA256, **changes,
    }  # fmt: skip


async def sign(case: Case, **changes: Any) -> dict[str, Any]:
    given = case.form(**changes)
    payload = await case.run("signRelease", given, KEPT)
    assert payload["userErrors"] == []
    found: dict[str, Any] = payload["release"]
    return found


async def test_a_packet_holds_a_form_of_each_kind(case: Case, world: ConsentWorld) -> None:
    """One kind to a form; what was signed together shares its packet and nothing else."""
    provider = await world.make_person("SVC", await world.make_agency("SUD"))
    packet = str(uuid4())
    tpo = case.provision(recipientAgencyId=provider.agency_id, purposes=["TREAT"])
    general = await sign(case, packetId=packet)
    other = await sign(
        case, packetId=packet, kind="TPO", formVersion="TPO@2026-01", provisions=[tpo],
        standsBeside=True,
    )  # fmt: skip
    assert [(each["kind"], each["packetId"], each["status"]) for each in (general, other)] == [
        ("GENERAL", packet, "ACTIVE"), ("TPO", packet, "ACTIVE"),
    ]  # fmt: skip
    assert general["id"] != other["id"]
    assert await case.officer_sees() == ["IDENTITY"]
    revoked = {"releaseId": general["id"], "expectedVersion": 1, "reason": "Not this one"}
    await case.run("revokeRelease", revoked, "release { status }")
    assert await case.officer_sees() == []
    assert await case.sees(provider, ["IDENTITY"], "TREAT") == ["IDENTITY"]


async def test_an_electronic_signature_needs_its_evidence_and_keeps_it(case: Case) -> None:
    signed = await sign(case, **electronic())
    assert (signed["status"], signed["signatureMethod"]) == ("ACTIVE", "ELECTRONIC")
    assert signed["documentSha256"] == SHA256
    async with case.world.service.chassis.database.read() as session:
        (evidence,) = (
            await session.execute(
                text("select signature from release where id = cast(:id as uuid)"),
                {"id": signed["id"]},
            )
        ).one()
    assert evidence["authenticatedBy"] == "One-time code to the telephone"
    assert evidence["recordedByRole"] == "CM"


@pytest.mark.parametrize(
    "without",
    [
        {"documentSha256": None},
        {"signature": {"signedAt": soon(-60).isoformat(), "method": "ELECTRONIC"}},
    ],
    ids=["document", "how the signer was known"],
)
async def test_an_electronic_signature_without_evidence_makes_no_release(
    case: Case, without: dict[str, Any]
) -> None:
    signed = await sign(case, **{**electronic(), **without})
    assert (signed["status"], signed["missingElements"]) == ("DEFECTIVE", ["signature_evidence"])
    assert await case.officer_sees() == []


@pytest.mark.parametrize("hash_", ["abc", "g" * 64, SHA256 + "0"])
async def test_what_is_no_hash_is_refused(case: Case, hash_: str) -> None:
    payload = await case.run("signRelease", case.form(documentSha256=hash_), KEPT)
    assert payload["release"] is None
    assert [each["field"] for each in payload["userErrors"]] == [["input", "documentSha256"]]


@pytest.mark.parametrize("edition", ["GENERAL@2026-01", "GENERAL@2026-01-es"])
async def test_language_of_the_form_and_the_copy_are_kept(case: Case, edition: str) -> None:
    given_at = soon(-30).isoformat()
    language = edition[-2:] if edition.endswith("-es") else "en"
    signed = await sign(case, formVersion=edition, language=language, copyGivenAt=given_at)
    assert (signed["status"], signed["formVersion"]) == ("ACTIVE", edition)
    assert signed["language"] == language
    assert signed["copyGivenAt"] == given_at


def test_every_form_is_there_in_the_languages_of_the_site() -> None:
    """Each kind can be signed by who reads English and by who reads Spanish, in the same words."""
    by_kind: dict[str, set[str]] = {}
    for edition in law().editions.values():
        by_kind.setdefault(edition.kind.value, set()).add(edition.language)
    assert set(by_kind) == {kind.value for kind in law().kinds}
    assert all({"en", "es"} <= languages for languages in by_kind.values()), by_kind


async def test_the_notice_to_patients_is_there_in_both_languages_with_its_edition(
    case: Case,
) -> None:
    """42 CFR 2.22; what was handed over names the edition."""
    answer = await case.world.service.graphql(
        case.acting(), "{ patientNotices { version language text } }"
    )
    notices = {each["language"]: each for each in answer.data["patientNotices"]}
    assert {"en", "es"} <= set(notices)
    assert all(each["version"].startswith("NOTICE-2.22@") for each in notices.values())
    assert "treatment for substance use" in notices["en"]["text"]
