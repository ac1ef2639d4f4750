"""Releases as the participant and the own case-management agency read them: AUDIT."""

from datetime import date, datetime
from typing import Any, Self
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra import clock
from infra.batch_loader import BatchLoader
from infra.database import ReadSession
from infra.entity_references import known, parse_id, reference_ids
from infra.identity_token import Caller
from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_consent.agencies.schema.directory import STRUCTURE, After, Agencies, Agency, First
from svc_consent.releases import repository, rules, tables
from svc_consent.releases.repository import RELEASE_ORDER, ReleasesOfParticipants
from svc_consent.releases.rules import ProvisionEffect, ReleaseKind, ReleaseStatus
from svc_consent.wording import CATEGORY_WORDS, described

AUDIT = [category(Category.AUDIT)]

described_enum(
    ReleaseKind,
    "What kind of form it is; one kind to a form.",
    {
        ReleaseKind.GENERAL: "Names each recipient and purpose.",
        ReleaseKind.TPO: "Treatment, payment and health care operations.",
        ReleaseKind.COUNSELING_NOTES: "Notes of substance-use counselling.",
        ReleaseKind.PROCEEDING: "Use in a proceeding.",
        ReleaseKind.CJ_CONDITIONAL_2_35: "A condition of a disposition (42 CFR 2.35).",
        ReleaseKind.RESEARCH: "Research.",
    },
)
described_enum(
    ReleaseStatus,
    "Where a version stands now.",
    {
        ReleaseStatus.DRAFT: "Not signed yet.",
        ReleaseStatus.DEFECTIVE: "A required element is missing; it permits nothing.",
        ReleaseStatus.ACTIVE: "In force.",
        ReleaseStatus.EXPIRED: "Its time is over.",
        ReleaseStatus.REVOKED: "Taken back.",
        ReleaseStatus.SUPERSEDED: "A newer version took its place.",
        ReleaseStatus.ENTERED_IN_ERROR: "Recorded by mistake.",
    },
)
described_enum(
    ProvisionEffect,
    "Whether a provision opens or closes.",
    {
        ProvisionEffect.PERMIT: "The recipient may be told.",
        ProvisionEffect.DENY: "The recipient must not be told, whatever other releases say.",
    },
)
described_enum(
    Category,
    "What kind of information it is.",
    {each: described(words) for each, words in CATEGORY_WORDS.items()},
    name="InformationCategory",
)


@strawberry.type(directives=AUDIT, description="What one recipient may, or must not, be told.")
class ReleaseProvision:
    """One provision."""

    effect: ProvisionEffect | None = strawberry.field(description="Whether it opens or closes.")
    categories: list[Category] | None = strawberry.field(description="Which information.")
    purposes: list[str] | None = strawberry.field(description="Codes of the purposes.")
    data_from: date | None = strawberry.field(description="Records from this day on.")
    data_to: date | None = strawberry.field(description="Records up to this day.")
    expires_at: datetime | None = strawberry.field(
        description="When it ends, if before the release does."
    )
    recipient_id: strawberry.Private[UUID]

    @strawberry.field(description="The recipient.")
    async def recipient(self, info: Info) -> Agency | None:
        """Return the recipient agency."""
        row = await context_of(info).loader(Agencies).load(self.recipient_id)
        return None if row is None else Agency.from_row(row)

    @classmethod
    def from_row(cls, row: tables.Provision) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            effect=ProvisionEffect(row.effect),
            categories=[Category(code) for code in row.categories],
            purposes=list(row.purposes),
            data_from=row.data_from,
            data_to=row.data_to,
            expires_at=row.expires_at,
            recipient_id=row.recipient_agency_id,
        )


class Provisions(BatchLoader[list[tables.Provision]]):
    """Provisions by release; loaded only for releases that the caller has been shown."""

    async def fetch(
        self,
        session: ReadSession,
        caller: Caller,
        ids: list[UUID],
    ) -> dict[UUID, list[tables.Provision]]:
        """Read them in one statement."""
        seen = await repository.releases_by_id(session, caller, ids)
        return await repository.provisions_of(session, list(seen))


@strawberry.federation.type(
    keys=["id"],
    directives=[*AUDIT, about("participantId")],
    description="One version of a participant's release of information (ROI).",
)
class Release:
    """One version of a release."""

    id: strawberry.ID = strawberry.federation.field(
        directives=STRUCTURE, description="Global id of this version."
    )
    participant_id: strawberry.ID | None = strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whose release it is."
    )
    number: int | None = strawberry.field(description="Number of the version, from 1.")
    kind: ReleaseKind | None = strawberry.field(description="Kind of form.")
    form_version: str | None = strawberry.field(description="Edition of the form.")
    status: ReleaseStatus | None = strawberry.field(description="Where it stands now.")
    signed_at: datetime | None = strawberry.field(description="When it was signed.")
    expires_at: datetime | None = strawberry.field(description="When it ends.")
    revoked_at: datetime | None = strawberry.field(description="When it was taken back.")
    superseded_at: datetime | None = strawberry.field(
        description="When a newer version took its place."
    )
    missing_elements: list[str] | None = strawberry.field(
        description="Required elements that are missing (42 CFR 2.31(a)); they make it defective."
    )
    version: int | None = strawberry.field(description="Counts changes; an update names it.")

    @strawberry.field(description="What it says for each recipient.")
    async def provisions(self, info: Info) -> list[ReleaseProvision] | None:
        """Return the provisions."""
        rows = await context_of(info).loader(Provisions).load(UUID(str(self.id)))
        return [ReleaseProvision.from_row(row) for row in rows or ()]

    @classmethod
    def from_row(cls, row: tables.Release) -> Self:
        """Return the GraphQL object of a row as it stands now."""
        return cls(
            id=strawberry.ID(str(row.id)),
            participant_id=strawberry.ID(str(row.participant_id)),
            number=row.number,
            kind=ReleaseKind(row.kind),
            form_version=row.form_version,
            status=rules.status_at(ReleaseStatus(row.status), row.expires_at, clock.now()),
            signed_at=row.signed_at,
            expires_at=row.expires_at,
            revoked_at=row.revoked_at,
            superseded_at=row.superseded_at,
            missing_elements=list(row.missing_elements),
            version=row.version,
        )

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> list[Self | None]:
        """Return the versions that a batch of representations names, as far as visible."""
        context, ids = context_of(info), reference_ids(representations)
        async with context.reading() as session:
            rows = await repository.releases_by_id(session, context.caller, known(ids))
        return [cls.from_row(rows[each]) if each in rows else None for each in ids]


@strawberry.type
class ParticipantReleases:
    """What this slice adds to a participant."""

    id: strawberry.ID = strawberry.federation.field(
        directives=STRUCTURE, description="Global id of the participant."
    )

    @strawberry.field(description="Every version of every release, newest first.", directives=AUDIT)
    async def releases(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[Release] | None:
        """Return one page of the participant's releases."""
        context, participant_id = context_of(info), parse_id(str(self.id))
        if participant_id is None:
            return None
        name = f"Participant.releases({participant_id})"
        wanted = page_request(
            context, info, name=name, order=RELEASE_ORDER, first=first, after=after
        )
        page = await context.loader(ReleasesOfParticipants).load(participant_id, wanted)
        return connection(
            page,
            seal=context.seal,
            caller=context.caller,
            name=name,
            after=after,
            key=RELEASE_ORDER.key,
            node=Release.from_row,
        )
