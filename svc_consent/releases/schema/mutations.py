"""Mutations: a signed form is recorded, a release is taken back."""

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
from infra.schema_enums import described_enum
from infra.vocabulary import Category, Purpose
from svc_consent.agencies.schema.directory import STRUCTURE
from svc_consent.releases import commands, repository
from svc_consent.releases.rules import (
    ProvisionEffect,
    ReleaseForm,
    ReleaseKind,
    SignatureMethod,
    Terms,
)
from svc_consent.releases.schema.versions import Release
from svc_consent.wording import PURPOSE_WORDS, described

_KEY = "The same key with the same input has its effect once (1 to 200 characters)."
_PURPOSES = {each: described(words) for each, words in PURPOSE_WORDS.items()}

described_enum(Purpose, "Why information may be used.", _PURPOSES, name="PurposeOfUse")
described_enum(
    SignatureMethod,
    "How a form was signed.",
    {
        SignatureMethod.WET_INK: "On paper.",
        SignatureMethod.ELECTRONIC: "Electronically, with evidence.",
    },
)


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

    signed_at: datetime | None = strawberry.field(default=None, description="When it was signed.")
    method: SignatureMethod | None = strawberry.field(default=None, description="How.")
    signer_name: str | None = strawberry.field(
        default=None, description="Who signed, where it is a representative."
    )


@strawberry.input(description="A release as it was filled in and signed.")
class SignReleaseInput:
    """Input of signRelease."""

    participant_id: strawberry.ID = strawberry.field(description="Whose release it is.")
    provisions: list[ProvisionInput] = strawberry.field(description="What it says.")
    signature: SignatureInput = strawberry.field(description="The signature.")
    idempotency_key: str = strawberry.field(description=_KEY)
    kind: ReleaseKind = strawberry.field(
        default=ReleaseKind.GENERAL, description="Kind of form; only GENERAL is taken today."
    )
    form_version: str | None = strawberry.field(
        default=None, description="Edition of the form, for example GENERAL@2026-01."
    )
    expires_at: datetime | None = strawberry.field(
        default=None, description="When it ends; required for the form or for each provision."
    )
    stands_beside: bool = strawberry.field(
        default=False,
        description="Whether earlier releases stay in force; otherwise this one takes the place "
        "of the one in force.",
    )


@strawberry.type(directives=STRUCTURE, description="Result of signRelease.")
class SignReleasePayload:
    """Payload of signRelease."""

    release: Release | None = strawberry.field(description="The version as it is now.")
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.input(description="Which release to take back, and why.")
class RevokeReleaseInput:
    """Input of revokeRelease."""

    release_id: strawberry.ID = strawberry.field(description="Which version.")
    expected_version: int = strawberry.field(description="Its version as the client read it.")
    reason: str = strawberry.field(description="Why, in 1 to 500 characters.")
    idempotency_key: str = strawberry.field(description=_KEY)


@strawberry.type(directives=STRUCTURE, description="Result of revokeRelease.")
class RevokeReleasePayload:
    """Payload of revokeRelease."""

    release: Release | None = strawberry.field(description="The version as it is now.")
    user_errors: list[UserError] = strawberry.field(description="What to put right in the input.")


@strawberry.type(directives=STRUCTURE)
class ReleasesMutation:
    """Mutations of releases."""

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
        release = await _release(context, outcome.id("releaseId"))
        return SignReleasePayload(release=release, user_errors=outcome.user_errors)

    @strawberry.mutation(description="Take a release back; nothing rests on it from now on.")
    async def revoke_release(
        self,
        info: Info,
        input: Annotated[  # noqa: A002 - the name of the GraphQL argument
            RevokeReleaseInput, strawberry.argument(description="Which, and why.")
        ],
    ) -> RevokeReleasePayload:
        """Take a release back."""
        context = context_of(info)

        async def effect(session: WriteSession) -> dict[str, Any]:
            return await commands.revoke_release(
                session,
                context.caller,
                str(input.release_id),
                input.expected_version,
                input.reason,
            )

        outcome = await run_command(
            context, "revokeRelease", input, key=input.idempotency_key, effect=effect
        )
        release = await _release(context, outcome.id("releaseId"))
        return RevokeReleasePayload(release=release, user_errors=outcome.user_errors)


def _request(given: SignReleaseInput) -> commands.SigningRequest:
    if given.kind is not ReleaseKind.GENERAL:
        raise CommandError(
            "KIND_NOT_TAKEN", "Only general releases are taken today.", ("input", "kind")
        )
    form = ReleaseForm(
        kind=given.kind,
        form_version=given.form_version,
        disclosing_agency_id=None,
        expires_at=given.expires_at,
        signed_at=given.signature.signed_at,
        signature_method=given.signature.method,
        terms=tuple(_terms(each) for each in given.provisions),
    )
    moments = [form.expires_at, form.signed_at, *(each.expires_at for each in form.terms)]
    if any(at is not None and at.tzinfo is None for at in moments):
        raise CommandError("TIME_WITHOUT_ZONE", "Times need a zone.", ("input",))
    return commands.SigningRequest(
        participant_id=str(given.participant_id),
        form=form,
        signer_name=given.signature.signer_name,
        stands_beside=given.stands_beside,
    )


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


async def _release(context: RequestContext, release_id: UUID | None) -> Release | None:
    if release_id is None:
        return None
    async with context.reading() as session:
        rows = await repository.releases_by_id(session, context.caller, [release_id])
    return Release.from_row(rows[release_id]) if release_id in rows else None
