"""Mutations: a signed form is recorded, or one that nobody has signed yet."""

from datetime import date, datetime
from typing import Annotated, Any
from uuid import UUID, uuid4

import strawberry
from strawberry.types import Info

from infra.command_edge import run_command
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.mutation_result import CommandError, UserError
from infra.request_context import RequestContext, context_of
from infra.vocabulary import Category, Purpose
from svc_consent.agencies.schema.directory import STRUCTURE
from svc_consent.releases import commands, repository
from svc_consent.releases.rules import (
    Capacity,
    Covers,
    ExpiryEvent,
    ProvisionEffect,
    ReleaseForm,
    ReleaseKind,
    SignatureMethod,
    Terms,
)
from svc_consent.releases.schema.versions import Release

KEY = "The same key with the same input has its effect once (1 to 200 characters)."
_SHA256_LENGTH = 64
_MAX_TEXT = 200


@strawberry.input(description="What one recipient may, or must not, be told.")
class ProvisionInput:
    """One provision of a form."""

    recipient_agency_id: strawberry.ID = strawberry.field(description="The recipient.")
    categories: list[Category] = strawberry.field(description="Which information.")
    purposes: list[Purpose] = strawberry.field(description="For which purposes.")
    effect: ProvisionEffect = strawberry.field(
        default=ProvisionEffect.PERMIT, description="Whether it opens or closes."
    )
    data_from: date | None = strawberry.field(default=None, description="Records from this day on.")
    data_to: date | None = strawberry.field(default=None, description="Records up to this day.")
    expires_at: datetime | None = strawberry.field(
        default=None, description="When this provision ends, if before the release does."
    )


@strawberry.input(description="The signature; what is missing makes the form defective.")
class SignatureInput:
    """Evidence of a signature."""

    signed_at: datetime | None = strawberry.field(
        default=None, description="When it was signed, also where it is recorded later."
    )
    method: SignatureMethod | None = strawberry.field(default=None, description="How.")
    capacity: Capacity = strawberry.field(default=Capacity.SELF, description="As what.")
    signer_name: str | None = strawberry.field(
        default=None, description="Who signed, where it is a representative."
    )
    authority: str | None = strawberry.field(
        default=None, description="By which right somebody else signed, for example a court order."
    )
    age_at_signing: int | None = strawberry.field(
        default=None, description="Age of the person, where a parent or guardian signed."
    )
    own_signature_at: datetime | None = strawberry.field(
        default=None, description="When a young person signed beside the parent or guardian."
    )
    authenticated_by: str | None = strawberry.field(
        default=None, description="How the signer of an electronic form was known."
    )
    witness_name: str | None = strawberry.field(default=None, description="Who witnessed it.")
    interpreter_name: str | None = strawberry.field(
        default=None, description="Who interpreted, if somebody did."
    )


@strawberry.input(description="A release as it was filled in and signed.")
class SignReleaseInput:
    """Input of signRelease."""

    participant_id: strawberry.ID = strawberry.field(description="Whose release it is.")
    signature: SignatureInput = strawberry.field(description="The signature.")
    idempotency_key: str = strawberry.field(description=KEY)
    provisions: list[ProvisionInput] = strawberry.field(
        description="What it says; may be empty where it completes a draft.", default_factory=list
    )
    kind: ReleaseKind = strawberry.field(
        default=ReleaseKind.GENERAL, description="Kind of form; one kind to a form."
    )
    covers: list[Covers] = strawberry.field(
        default_factory=list, description="What the form is about besides categories."
    )
    form_version: str | None = strawberry.field(
        default=None, description="Edition of the form, for example GENERAL@2026-01."
    )
    language: str | None = strawberry.field(
        default=None, description="Language of the form, for example en or es."
    )
    names_subject: bool = strawberry.field(
        default=True, description="Whether the person's name stands on the form."
    )
    expires_at: datetime | None = strawberry.field(
        default=None, description="When it ends; a date or an event is required."
    )
    expiry_event: ExpiryEvent | None = strawberry.field(
        default=None, description="The event that ends it."
    )
    document_sha256: str | None = strawberry.field(
        default=None, description="SHA-256 of the signed document, hexadecimal."
    )
    copy_given_at: datetime | None = strawberry.field(
        default=None, description="When the person got a copy."
    )
    packet_id: strawberry.ID | None = strawberry.field(
        default=None, description="The same id for forms that were signed together (a UUID)."
    )
    draft_id: strawberry.ID | None = strawberry.field(
        default=None, description="The draft that this form completes."
    )
    stands_beside: bool = strawberry.field(
        default=False,
        description="Whether earlier releases stay in force; otherwise this one takes the place "
        "of the one in force.",
    )


@strawberry.input(description="A form that nobody has signed yet.")
class DraftReleaseInput:
    """Input of draftRelease."""

    participant_id: strawberry.ID = strawberry.field(description="Whose release it would be.")
    provisions: list[ProvisionInput] = strawberry.field(description="What it says.")
    idempotency_key: str = strawberry.field(description=KEY)
    kind: ReleaseKind = strawberry.field(default=ReleaseKind.GENERAL, description="Kind of form.")
    form_version: str | None = strawberry.field(default=None, description="Edition of the form.")
    expires_at: datetime | None = strawberry.field(default=None, description="When it would end.")


@strawberry.type(directives=STRUCTURE, description="Result of signRelease.")
class SignReleasePayload:
    """Payload of signRelease."""

    release: Release | None = strawberry.field(description="The version as it is now.")
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.type(directives=STRUCTURE, description="Result of draftRelease.")
class DraftReleasePayload:
    """Payload of draftRelease."""

    release: Release | None = strawberry.field(description="The draft.")
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.type(directives=STRUCTURE)
class SigningMutation:
    """Mutations that record forms."""

    @strawberry.mutation(description="Record a signed release; in force at once if complete.")
    async def sign_release(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            SignReleaseInput, strawberry.argument(description="The form.")
        ],
    ) -> SignReleasePayload:
        """Record a form."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.sign_release(session, context.caller, _request(input))

        outcome = await run_command(
            context, "signRelease", input, key=input.idempotency_key, effect=effect
        )
        release = await release_of(context, outcome.id("releaseId"))
        return SignReleasePayload(release=release, user_errors=outcome.user_errors)

    @strawberry.mutation(
        description="Record a form that nobody has signed yet; it permits nothing."
    )
    async def draft_release(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            DraftReleaseInput, strawberry.argument(description="The form.")
        ],
    ) -> DraftReleasePayload:
        """Record a draft."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.draft_release(session, context.caller, _draft(input))

        outcome = await run_command(
            context, "draftRelease", input, key=input.idempotency_key, effect=effect
        )
        release = await release_of(context, outcome.id("releaseId"))
        return DraftReleasePayload(release=release, user_errors=outcome.user_errors)


def _request(given: SignReleaseInput) -> commands.SigningRequest:
    signature = given.signature
    form = ReleaseForm(
        kind=given.kind,
        form_version=given.form_version,
        disclosing_agency_id=None,
        expires_at=given.expires_at,
        signed_at=signature.signed_at,
        signature_method=signature.method,
        terms=tuple(_terms(each) for each in given.provisions),
        expiry_event=given.expiry_event,
        covers=frozenset(given.covers),
        names_subject=given.names_subject,
        capacity=signature.capacity,
        authority=_text(signature.authority, "authority"),
        age_at_signing=signature.age_at_signing,
        own_signature_at=signature.own_signature_at,
        authenticated_by=_text(signature.authenticated_by, "authenticatedBy"),
        document_sha256=_sha256(given.document_sha256),
    )
    return commands.SigningRequest(
        participant_id=str(given.participant_id),
        form=form,
        evidence={
            "signerName": _text(signature.signer_name, "signerName"),
            "witnessName": _text(signature.witness_name, "witnessName"),
            "interpreterName": _text(signature.interpreter_name, "interpreterName"),
        },
        stands_beside=given.stands_beside,
        packet_id=_uuid(given.packet_id, "packetId"),
        draft_id=_uuid(given.draft_id, "draftId"),
        language=_text(given.language, "language"),
        copy_given_at=given.copy_given_at,
    )


def _draft(given: DraftReleaseInput) -> commands.SigningRequest:
    form = ReleaseForm(
        kind=given.kind,
        form_version=given.form_version,
        disclosing_agency_id=None,
        expires_at=given.expires_at,
        signed_at=None,
        signature_method=None,
        terms=tuple(_terms(each) for each in given.provisions),
    )
    return commands.SigningRequest(str(given.participant_id), form, {}, stands_beside=True)


def _text(value: str | None, field: str) -> str | None:
    text = (value or "").strip()
    if len(text) > _MAX_TEXT:
        raise CommandError("TOO_LONG", f"At most {_MAX_TEXT} characters.", ("input", field))
    return text or None


def _sha256(value: str | None) -> str | None:
    text = (value or "").strip().lower()
    if text and (len(text) != _SHA256_LENGTH or not set(text) <= set("0123456789abcdef")):
        raise CommandError(
            "HASH_INVALID", "A SHA-256 has 64 hexadecimal digits.", ("input", "documentSha256")
        )
    return text or None


def _uuid(value: strawberry.ID | None, field: str) -> UUID | None:
    if value is None:
        return None
    parsed = parse_id(str(value))
    if parsed is None:
        raise CommandError("ID_INVALID", "An id is a UUID.", ("input", field))
    return parsed


def _terms(given: ProvisionInput) -> Terms:
    recipient = parse_id(str(given.recipient_agency_id))
    if recipient is None:
        raise CommandError(
            "UNKNOWN_RECIPIENT",
            "Each recipient must be an agency of the site.",
            ("input", "provisions"),
        )
    return Terms(
        id=uuid4(),
        recipient_agency_id=recipient,
        categories=tuple(given.categories),
        purposes=tuple(given.purposes),
        is_denial=given.effect is ProvisionEffect.DENY,
        data_from=given.data_from,
        data_to=given.data_to,
        expires_at=given.expires_at,
    )


async def release_of(context: RequestContext, release_id: UUID | None) -> Release | None:
    """Return a version as the caller may see it now."""
    if release_id is None:
        return None
    async with context.reading() as session:
        rows = await repository.releases_by_id(session, context.caller, [release_id])
    return Release.from_row(rows[release_id]) if release_id in rows else None
