"""Taking back in part, all at once, out of order, by word of mouth; restrictions; drafts."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio

from infra.authority.predicate import agency_holder
from infra.vocabulary import Basis, Role
from svc_consent.releases import elements, repository, revoking
from tests.fixtures.consent_world import ConsentWorld, soon
from tests.fixtures.release_case import Case, new_case
from tests.fixtures.service_app import ServiceAppFactory

RELEASE = "release { id number status version narrowedFrom revocationMethod }"
RESTRICTION = "restriction { id version liftedAt }"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(service_app: ServiceAppFactory) -> AsyncIterator[ConsentWorld]:
    async with service_app("svc_consent") as service:
        made = ConsentWorld(service)
        await made.make_site()
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def case(world: ConsentWorld) -> Case:
    return await new_case(world)


def codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["userErrors"]]


def about(release: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"releaseId": release["id"], "expectedVersion": release["version"], **more}


async def test_part_taken_back_leaves_the_rest_as_a_new_version(case: Case) -> None:
    both = case.provision(categories=["IDENTITY", "HOUSING"])
    signed = await case.sign(case.form(provisions=[both]))
    before = await case.world.head()
    given = about(signed["release"], reason="Not my housing", categories=["HOUSING"])
    narrowed = await case.run("revokeReleaseInPart", given, RELEASE)
    assert codes(narrowed) == []
    assert narrowed["release"]["number"] == 2
    assert narrowed["release"]["narrowedFrom"] == signed["release"]["id"]
    assert await case.sees(case.officer, ["IDENTITY", "HOUSING"]) == ["IDENTITY"]
    assert await case.world.head() == before + 1


async def test_recipient_taken_out_sees_nothing_while_others_do(case: Case) -> None:
    prosecutor = await case.world.make_person("PRO", await case.world.make_agency("PROS"))
    other = case.provision(recipientAgencyId=prosecutor.agency_id)
    signed = await case.sign(case.form(provisions=[case.provision(), other]))
    given = about(
        signed["release"], reason="Leave them out", recipientAgencyIds=[prosecutor.agency_id]
    )
    await case.run("revokeReleaseInPart", given, RELEASE)
    assert await case.sees(prosecutor, ["IDENTITY"]) == []
    assert await case.sees(case.officer, ["IDENTITY"]) == ["IDENTITY"]


@pytest.mark.parametrize(
    ("named", "code"),
    [({}, "REVOKE_WHOLE"), ({"categories": ["IDENTITY"]}, "REVOKE_WHOLE"),
     ({"categories": ["SUD"]}, "NOTHING_TAKEN")],
)  # fmt: skip
async def test_part_that_is_none_is_refused(case: Case, named: dict[str, Any], code: str) -> None:
    signed = await case.sign(case.form())
    given = about(signed["release"], reason="Something", **named)
    assert codes(await case.run("revokeReleaseInPart", given, RELEASE)) == [code]
    assert await case.sees(case.officer, ["IDENTITY"]) == ["IDENTITY"]


async def test_spoken_revocation_counts_at_once(case: Case) -> None:
    signed = await case.sign(case.form())
    given = about(signed["release"], reason="Told me on the street", method="ORAL")
    revoked = await case.run("revokeRelease", given, RELEASE)
    assert revoked["release"]["status"] == "REVOKED"
    assert revoked["release"]["revocationMethod"] == "ORAL"
    assert await case.officer_sees() == []


async def test_spoken_revocation_waits_for_writing_where_the_site_says_so(case: Case) -> None:
    own = '{"oral_revocation_counts": false}'
    await case.world.execute(
        "update site set settings = cast(:own as jsonb) where id = :id",
        own=own, id=case.world.site_id,
    )  # fmt: skip
    try:
        signed = await case.sign(case.form())
        given = about(signed["release"], reason="Said so", method="ORAL")
        said = await case.run("revokeRelease", given, RELEASE)
        assert said["release"]["status"] == "ACTIVE"
        assert said["release"]["revocationMethod"] == "ORAL"
        assert await case.officer_sees() == ["IDENTITY"]
        written = about(said["release"], reason="Now in writing")
        assert (await case.run("revokeRelease", written, RELEASE))["release"]["status"] == "REVOKED"
        assert await case.officer_sees() == []
    finally:
        await case.world.execute("update site set settings = '{}'")


async def test_form_captured_before_everything_was_taken_back_never_counts(case: Case) -> None:
    """Scenario 21: signed at 14:02 and synced at 17:40, taken back elsewhere at 15:10."""
    order = {
        "participantId": case.participant, "reason": "On the other tablet",
        "saidAt": soon(-3600).isoformat(), "method": "ORAL",
    }  # fmt: skip
    assert codes(await case.run("revokeAllReleases", order, "releases { id }")) == []
    late = {"signedAt": soon(-7200).isoformat(), "method": "WET_INK"}
    synced = await case.sign(case.form(signature=late))
    assert synced["release"]["status"] == "REVOKED"
    assert await case.officer_sees() == []
    again = await case.sign(case.form())
    assert again["release"]["status"] == "ACTIVE"
    assert await case.officer_sees() == ["IDENTITY"]


async def test_order_of_arrival_does_not_matter(case: Case) -> None:
    late = {"signedAt": soon(-7200).isoformat(), "method": "WET_INK"}
    await case.sign(case.form(signature=late))
    assert await case.officer_sees() == ["IDENTITY"]
    order = {
        "participantId": case.participant, "reason": "Before", "saidAt": soon(-3600).isoformat(),
    }  # fmt: skip
    gone = await case.run("revokeAllReleases", order, "releases { id status }")
    assert [each["status"] for each in gone["releases"]] == ["REVOKED"]
    assert await case.officer_sees() == []


async def test_everything_goes_in_one_revision(case: Case) -> None:
    await case.sign(case.form())
    await case.sign(case.form(standsBeside=True))
    before = await case.world.head()
    given = {"participantId": case.participant, "reason": "All of it"}
    gone = await case.run("revokeAllReleases", given, "releases { id }")
    assert len(gone["releases"]) == 2
    assert await case.world.head() == before + 1
    assert await case.officer_sees() == []


async def test_event_ends_a_release_that_names_it(case: Case) -> None:
    signed = await case.sign(case.form(expiresAt=None, expiryEvent="LEAVES_LEAD"))
    assert await case.officer_sees() == ["IDENTITY"]
    ended = await case.run("recordReleaseEvent", about(signed["release"]), RELEASE)
    assert ended["release"]["status"] == "EXPIRED"
    assert await case.officer_sees() == []
    other = await case.sign(case.form(standsBeside=True))
    refused = await case.run("recordReleaseEvent", about(other["release"]), RELEASE)
    assert codes(refused) == ["NO_EVENT"]


async def test_version_recorded_by_mistake_permits_nothing(case: Case) -> None:
    signed = await case.sign(case.form())
    given = about(signed["release"], reason="Wrong person")
    marked = await case.run("enterReleaseInError", given, RELEASE)
    assert marked["release"]["status"] == "ENTERED_IN_ERROR"
    assert await case.officer_sees() == []
    again = await case.run("enterReleaseInError", about(marked["release"], reason="Again"), RELEASE)
    assert codes(again) == ["NOT_IN_FORCE"]


async def test_restriction_closes_until_it_is_lifted(case: Case) -> None:
    await case.sign(case.form(provisions=[case.provision(categories=["IDENTITY", "HOUSING"])]))
    given = {
        "participantId": case.participant, "agencyId": case.officer.agency_id,
        "reason": "Not to the police", "category": "HOUSING",
    }  # fmt: skip
    made = await case.run("restrictDisclosure", given, RESTRICTION)
    assert await case.sees(case.officer, ["IDENTITY", "HOUSING"]) == ["IDENTITY"]
    row = made["restriction"]
    lift = {"restrictionId": row["id"], "expectedVersion": row["version"]}
    await case.run("liftRestriction", lift, RESTRICTION)
    assert await case.sees(case.officer, ["IDENTITY", "HOUSING"]) == ["IDENTITY", "HOUSING"]


async def test_new_release_does_not_undo_a_restriction(case: Case) -> None:
    given = {
        "participantId": case.participant, "agencyId": case.officer.agency_id, "reason": "No",
    }  # fmt: skip
    await case.run("restrictDisclosure", given, RESTRICTION)
    await case.sign(case.form())
    assert await case.officer_sees() == []


async def test_agency_that_serves_cannot_be_restricted(case: Case) -> None:
    holder = agency_holder(case.manager.agency_id)
    await case.world.permit(case.participant, holder, Basis.OWN_AGENCY)
    given = {
        "participantId": case.participant, "agencyId": case.manager.agency_id, "reason": "No",
    }  # fmt: skip
    assert codes(await case.run("restrictDisclosure", given, RESTRICTION)) == ["OWN_AGENCY"]


async def test_draft_permits_nothing_until_a_signature_completes_it(case: Case) -> None:
    draft = {
        "participantId": case.participant, "formVersion": "GENERAL@2026-01",
        "provisions": [case.provision()], "expiresAt": soon(3600).isoformat(),
    }  # fmt: skip
    drafted = await case.run("draftRelease", draft, RELEASE)
    assert drafted["release"]["status"] == "DRAFT"
    assert await case.officer_sees() == []
    form = case.form(draftId=drafted["release"]["id"], provisions=[])
    unsigned = await case.sign({**form, "signature": {}})
    assert unsigned["release"]["status"] == "DEFECTIVE"
    assert await case.officer_sees() == []
    completed = await case.sign({**form, "idempotencyKey": str(uuid4())})
    assert (completed["release"]["status"], completed["release"]["number"]) == ("ACTIVE", 3)
    assert await case.officer_sees() == ["IDENTITY"]


async def test_tpo_form_opens_treatment_and_nothing_for_police(case: Case) -> None:
    provider = await case.world.make_person("SVC", await case.world.make_agency("SUD"))
    own = case.provision(recipientAgencyId=provider.agency_id, purposes=["TREAT"])
    tpo = {"kind": "TPO", "formVersion": "TPO@2026-01", "expiresAt": None}
    signed = await case.sign(case.form(provisions=[own], **tpo))
    assert signed["release"]["status"] == "ACTIVE"
    assert await case.sees(provider, ["IDENTITY"], "TREAT") == ["IDENTITY"]
    police = await case.sign(case.form(provisions=[case.provision(purposes=["COC"])], **tpo))
    assert codes(police) == ["NOT_FOR_THIS_KIND"]


@pytest.mark.parametrize("kind", ["COUNSELING_NOTES", "PROCEEDING"])
async def test_form_that_stands_alone_is_kept_and_opens_nothing(case: Case, kind: str) -> None:
    form = case.form(
        kind=kind, covers=[kind], formVersion=f"{kind}@2026-01",
        provisions=[case.provision(categories=[])],
    )  # fmt: skip
    signed = await case.sign(form)
    assert signed["release"]["status"] == "ACTIVE"
    assert await case.officer_sees() == []
    mixed = await case.sign(case.form(covers=[kind]))
    assert mixed["release"]["status"] == "DEFECTIVE"
    assert await case.officer_sees() == []


async def test_parent_cannot_sign_a_young_person_s_treatment_away(case: Case) -> None:
    """Scenario 10: fifteen years old, the parent signed, the own signature is missing."""
    provider = await case.world.make_person("SVC", await case.world.make_agency("SUD"))
    own = case.provision(
        recipientAgencyId=provider.agency_id, categories=["SUD"], purposes=["TREAT"]
    )
    signature = {
        "signedAt": soon(-60).isoformat(), "method": "WET_INK", "capacity": "PARENT",
        "authority": "Mother", "ageAtSigning": 15,
    }  # fmt: skip
    alone = await case.sign(case.form(provisions=[own], signature=signature))
    assert alone["release"]["missingElements"] == ["own_signature_of_minor"]
    assert await case.sees(provider, ["SUD"], "TREAT") == []
    both = {**signature, "ownSignatureAt": soon(-60).isoformat()}
    await case.sign(case.form(provisions=[own], signature=both))
    assert await case.sees(provider, ["SUD"], "TREAT") == ["SUD"]


async def test_stranger_takes_nothing_back(case: Case) -> None:
    signed = await case.sign(case.form())
    stranger = case.acting(subject=str(uuid4()))
    part = about(signed["release"], reason="No", purposes=["COC"])
    everything = {"participantId": case.participant, "reason": "No"}
    assert codes(await case.run("revokeReleaseInPart", part, RELEASE, stranger)) == ["NOT_FOUND"]
    gone = await case.run("revokeAllReleases", everything, "releases { id }", stranger)
    assert codes(gone) == ["NOT_FOUND"]
    officer = case.acting(role=Role.LEO)
    restrict = {**everything, "agencyId": case.officer.agency_id}
    refused = await case.run("restrictDisclosure", restrict, RESTRICTION, officer)
    assert codes(refused) == ["FORBIDDEN"]
    assert await case.officer_sees() == ["IDENTITY"]


async def _nobody(*_arguments: object) -> Any:
    return None


async def _nothing(*_arguments: object) -> Any:
    return [], []


@pytest.mark.parametrize(
    ("check", "module", "name", "broken"),
    [
        (test_form_captured_before_everything_was_taken_back_never_counts, repository,
         "revocation_order", _nobody),
        (test_everything_goes_in_one_revision, revoking, "taken_out_of_force", _nothing),
        (test_restriction_closes_until_it_is_lifted, revoking, "restricted",
         lambda row: ([], [])),
        (test_part_taken_back_leaves_the_rest_as_a_new_version, revoking, "without",
         lambda terms, _: tuple(terms)),
        (test_draft_permits_nothing_until_a_signature_completes_it, elements,
         "missing_elements", lambda *_: ()),
    ],
)  # fmt: skip
async def test_planted_bug_is_caught(
    case: Case, monkeypatch: pytest.MonkeyPatch, check: Any, module: Any, name: str, broken: Any
) -> None:
    monkeypatch.setattr(module, name, broken)
    with pytest.raises(AssertionError):
        await check(case)
