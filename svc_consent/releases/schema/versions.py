"""Releases as the participant and the own case-management agency read them: AUDIT."""

from datetime import date, datetime
from typing import Annotated, Any, Self
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
from infra.vocabulary import Category, Purpose
from svc_consent.agencies.schema.directory import (
    CATALOGUE,
    STRUCTURE,
    After,
    Agencies,
    Agency,
    First,
)
from svc_consent.releases import repository, rules, tables
from svc_consent.releases.elements import described_element, law
from svc_consent.releases.repository import (
    RELEASE_ORDER,
    ReleasesOfParticipants,
    RestrictionsOfParticipants,
)
from svc_consent.releases.rules import (
    Capacity,
    Covers,
    ExpiryEvent,
    ProvisionEffect,
    ReleaseKind,
    ReleaseStatus,
    RevocationMethod,
    SignatureMethod,
)

AUDIT = [category(Category.AUDIT)]


@strawberry.type(directives=AUDIT, description="A required element that a form lacks.")
class MissingElement:
    """One element, in words, and where the law asks for it."""

    element: str | None = strawberry.field(description="Its stable name.")
    says: str | None = strawberry.field(description="What should be there.")
    citations: list[str] | None = strawberry.field(description="Where the law asks for it.")


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
    missing: list[MissingElement] | None = strawberry.field(
        description="The same elements in words, with the places in the law."
    )
    recorded_at: datetime | None = strawberry.field(
        description="When it was stored here; nothing could be disclosed under it before."
    )
    recorded_by_role: str | None = strawberry.field(description="Role of who recorded it.")
    language: str | None = strawberry.field(description="Language of the form.")
    signed_as: Capacity | None = strawberry.field(description="As what somebody signed.")
    signature_method: SignatureMethod | None = strawberry.field(description="How it was signed.")
    document_sha256: str | None = strawberry.field(description="SHA-256 of the signed document.")
    copy_given_at: datetime | None = strawberry.field(description="When the person got a copy.")
    packet_id: strawberry.ID | None = strawberry.field(
        description="The same for forms that were signed together."
    )
    covers: list[Covers] | None = strawberry.field(
        description="What it is about besides categories."
    )
    expiry_event: ExpiryEvent | None = strawberry.field(description="The event that ends it.")
    narrowed_from: strawberry.ID | None = strawberry.field(
        description="The version of which this one is what remained."
    )
    revocation_method: RevocationMethod | None = strawberry.field(
        description="How it was taken back."
    )
    revocation_said_at: datetime | None = strawberry.field(
        description="When that was said; also where the site still waits for it in writing."
    )
    version: int | None = strawberry.field(description="Counts changes; an update names it.")
    discloser_id: strawberry.Private[UUID | None]

    @strawberry.field(description="The agency that may disclose.")
    async def discloser(self, info: Info) -> Agency | None:
        """Return the disclosing agency."""
        if self.discloser_id is None:
            return None
        row = await context_of(info).loader(Agencies).load(self.discloser_id)
        return None if row is None else Agency.from_row(row)

    @strawberry.field(description="What it says for each recipient.")
    async def provisions(self, info: Info) -> list[ReleaseProvision] | None:
        """Return the provisions."""
        rows = await context_of(info).loader(Provisions).load(UUID(str(self.id)))
        return [ReleaseProvision.from_row(row) for row in rows or ()]

    @classmethod
    def from_row(cls, row: tables.Release) -> Self:
        """Return the GraphQL object of a row as it stands now."""
        signature = row.signature or {}
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
            missing=[
                MissingElement(element=name, says=said.says, citations=list(said.citations))
                for name in row.missing_elements
                if (said := described_element(name)) is not None
            ],
            recorded_at=row.recorded_at,
            recorded_by_role=signature.get("recordedByRole"),
            language=row.language,
            signed_as=Capacity(signature["capacity"]) if "capacity" in signature else None,
            signature_method=SignatureMethod(signature["method"]) if signature else None,
            document_sha256=row.document_sha256,
            copy_given_at=row.copy_given_at,
            packet_id=strawberry.ID(str(row.packet_id)) if row.packet_id else None,
            covers=[Covers(each) for each in row.covers],
            expiry_event=ExpiryEvent(row.expiry_event) if row.expiry_event else None,
            narrowed_from=strawberry.ID(str(row.narrowed_from)) if row.narrowed_from else None,
            revocation_method=RevocationMethod(row.revocation_method)
            if row.revocation_method
            else None,
            revocation_said_at=row.revocation_said_at,
            version=row.version,
            discloser_id=row.disclosing_agency_id,
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


@strawberry.federation.type(
    directives=[*AUDIT, about("participantId")],
    description="A participant's wish that an agency be told less.",
)
class Restriction:
    """One restriction."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Its id.")
    participant_id: strawberry.ID | None = strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whose information."
    )
    category: Category | None = strawberry.field(
        description="Which information; none means everything."
    )
    purpose: Purpose | None = strawberry.field(description="For which purpose; none means all.")
    recorded_at: datetime | None = strawberry.field(description="Since when it holds.")
    lifted_at: datetime | None = strawberry.field(description="Until when it held.")
    version: int | None = strawberry.field(description="Counts changes; an update names it.")
    agency_id: strawberry.Private[UUID]

    @strawberry.field(description="The agency that is told less.")
    async def agency(self, info: Info) -> Agency | None:
        """Return the agency."""
        row = await context_of(info).loader(Agencies).load(self.agency_id)
        return None if row is None else Agency.from_row(row)

    @classmethod
    def from_row(cls, row: tables.Restriction) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            participant_id=strawberry.ID(str(row.participant_id)),
            category=Category(row.category) if row.category else None,
            purpose=Purpose(row.purpose) if row.purpose else None,
            recorded_at=row.recorded_at,
            lifted_at=row.lifted_at,
            version=row.version,
            agency_id=row.agency_id,
        )


@strawberry.type(directives=CATALOGUE, description="One statement of a form, in its own words.")
class FormStatement:
    """A statement."""

    element: str = strawberry.field(description="The required element that it is.")
    text: str = strawberry.field(description="Its words.")


@strawberry.type(directives=CATALOGUE, description="A printed form that releases are signed on.")
class ReleaseFormEdition:
    """One edition."""

    edition: str = strawberry.field(description="Its name, as formVersion of a release.")
    kind: ReleaseKind = strawberry.field(description="Kind of form.")
    language: str = strawberry.field(description="Language, for example en or es.")
    title: str = strawberry.field(description="Its title.")
    statements: list[FormStatement] = strawberry.field(description="What it tells who signs.")
    purposes: list[Purpose] = strawberry.field(description="Purposes that it may name.")


@strawberry.type(directives=STRUCTURE)
class ReleasesQuery:
    """Root field about one version of a release."""

    @strawberry.field(
        description="One version of a release; null when there is none that you may see."
    )
    async def release(
        self,
        info: Info,
        id: Annotated[  # noqa: A002 - the name of the GraphQL argument
            strawberry.ID, strawberry.argument(description="Which version.")
        ],
    ) -> Release | None:
        """Return a version, or None."""
        found = await Release.resolve_references(info, [{"id": str(id)}])
        return found[0]


@strawberry.type(directives=STRUCTURE)
class ReleaseFormsQuery:
    """Root fields about forms."""

    @strawberry.field(description="The forms that can be signed.", directives=CATALOGUE)
    async def release_forms(self) -> list[ReleaseFormEdition] | None:
        """Return all editions."""
        known = law()
        return [
            ReleaseFormEdition(
                edition=each.edition,
                kind=each.kind,
                language=each.language,
                title=each.title,
                statements=[
                    FormStatement(element=name, text=text) for name, text in each.statements.items()
                ],
                purposes=sorted(known.kinds[each.kind].purposes - rules.NEVER_SIGNED),
            )
            for each in known.editions.values()
        ]


@strawberry.type
class ParticipantReleases:
    """What this slice adds to a participant."""

    id: strawberry.ID = strawberry.federation.field(
        directives=STRUCTURE, description="Global id of the participant."
    )

    @strawberry.field(
        description="Whom to tell less, newest first; lifted ones too.", directives=AUDIT
    )
    async def restrictions(self, info: Info) -> list[Restriction] | None:
        """Return the participant's restrictions."""
        context, participant_id = context_of(info), parse_id(str(self.id))
        if participant_id is None:
            return None
        rows = await context.loader(RestrictionsOfParticipants).load(participant_id)
        return [Restriction.from_row(row) for row in rows or ()]

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
