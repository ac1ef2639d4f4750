"""The participant's accounting in GraphQL: who was told what, why, under which release."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra.entity_references import parse_id, reference_ids
from infra.owner_pages import selects, selects_below
from infra.pagination import Connection, connection, page_size
from infra.request_context import context_of
from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import ROLE_TITLES, Category, Role
from svc_consent.agencies.schema.directory import STRUCTURE, After, Agencies, Agency, First
from svc_consent.bindings.schema import ParticipantBindings
from svc_consent.disclosures.reports import Filter, Report
from svc_consent.disclosures.repository.accounting import (
    AccountingRequest,
    Told,
    page_of_accounting,
    parse_key,
    recipients_of,
    release_numbers,
)
from svc_consent.disclosures.rules import Kind, Outcome
from svc_consent.duties.schema import ParticipantDuties
from svc_consent.emergencies.schema import ParticipantEmergencies
from svc_consent.orders.schema import ParticipantOrders
from svc_consent.releases.schema import ParticipantReleases
from svc_consent.safeguards.schema import ParticipantSafeguards
from svc_consent.wording import category_words, purpose_words

_AUDIT = [category(Category.AUDIT)]

described_enum(
    Outcome,
    "What became of it.",
    {
        Outcome.RELEASED: "It was told.",
        Outcome.WITHHELD: "It was asked for and not told.",
        Outcome.UNKNOWN: "It may have been told; it counts as told.",
        Outcome.ATTEMPT: "Something was tried.",
    },
    name="DisclosureOutcome",
)
described_enum(
    Kind,
    "Whether information stayed inside the own agency.",
    {
        Kind.USE: "Used inside the agency that has it.",
        Kind.DISCLOSURE: "Given to somebody else.",
    },
    name="DisclosureKind",
)


@strawberry.federation.type(
    directives=[*_AUDIT, about("participantId")],
    description="One occasion on which something about a participant was used or disclosed.",
)
class Disclosure:
    """One line of the accounting (42 CFR 2.25, 45 CFR 164.528)."""

    participant_id: strawberry.ID | None = strawberry.federation.field(
        directives=STRUCTURE, inaccessible=True, description="Whom it is about."
    )
    at: datetime | None = strawberry.field(description="When.")
    role_title: str | None = strawberry.field(description="As what the recipient asked.")
    purpose: str | None = strawberry.field(description="Why, in plain words.")
    categories: list[str] | None = strawberry.field(description="What, in plain words.")
    kind: Kind | None = strawberry.field(description="Used or disclosed.")
    outcome: Outcome | None = strawberry.field(description="Told or withheld.")
    release_versions: list[int] | None = strawberry.field(
        description="Numbers of the release versions that it rested on."
    )
    release_ids: list[strawberry.ID] | None = strawberry.field(
        description="Ids of the same versions, in the same order."
    )
    recipient: Agency | None = strawberry.field(
        description="The agency that asked; none when it was you."
    )

    @classmethod
    def from_told(
        cls, told: Told, numbers: Mapping[UUID, int], agencies: Mapping[UUID, Agency]
    ) -> Self:
        """Return the GraphQL object of a part of the ledger."""
        entry, part = told.entry, told.part
        agency_id = parse_id(entry["agencyId"])
        known = (each for each in told.sources if each in numbers)
        cited = sorted(known, key=lambda each: (numbers[each], each))
        return cls(
            participant_id=strawberry.ID(str(told.participant_id)),
            at=told.key[0],
            role_title=ROLE_TITLES[Role(entry["role"])],
            purpose=purpose_words(entry["purpose"]),
            categories=category_words(part["categories"]),
            kind=Kind(part["kind"]),
            outcome=Outcome(part["outcome"]),
            release_versions=[numbers[each] for each in cited],
            release_ids=[strawberry.ID(str(each)) for each in cited],
            recipient=None if agency_id is None else agencies.get(agency_id),
        )


async def _agencies_of(info: Info, told: Iterable[Told]) -> dict[UUID, Agency]:
    """Return who asked, by id, if that is asked for: once for all lines, as they are few."""
    if not selects_below(info, "edges", "node", "recipient"):
        return {}
    named = {parse_id(text) for text in {one.entry["agencyId"] for one in told}}
    ids = [each for each in named if each is not None]
    rows = await context_of(info).loader(Agencies).load_many(list(ids))
    return {row.id: Agency.from_row(row) for row in rows if row is not None}


described_enum(
    Report,
    "A report that a law gives a person a right to.",
    {
        Report.PART2_2_25: "Disclosures with consent in three years (42 CFR 2.25).",
        Report.HIPAA_164_528: "Disclosures without authorization in six years (45 CFR 164.528).",
    },
    name="AccountingReport",
)
ReportArgument = Annotated[
    Report | None,
    strawberry.argument(description="Only what belongs in this report.", directives=_AUDIT),
]
AgencyArgument = Annotated[
    strawberry.ID | None,
    strawberry.argument(description="Only what this agency was told.", directives=_AUDIT),
]
SinceArgument = Annotated[
    datetime | None, strawberry.argument(description="Not before.", directives=_AUDIT)
]
OutcomesArgument = Annotated[
    list[Outcome] | None,
    strawberry.argument(description="Only what ended like one of these.", directives=_AUDIT),
]
Years = Annotated[
    int, strawberry.argument(description="How many years back, 1 to 6.", directives=_AUDIT)
]
_MAX_YEARS = 6


@strawberry.type(directives=_AUDIT, description="An agency that was told something.")
class RecipientLine:
    """One line of the list of recipients."""

    last_at: datetime | None = strawberry.field(description="When last.")
    times: int | None = strawberry.field(description="How often.")
    agency_id: strawberry.Private[UUID]

    @strawberry.field(description="The agency.")
    async def agency(self, info: Info) -> Agency | None:
        """Return the agency."""
        row = await context_of(info).loader(Agencies).load(self.agency_id)
        return None if row is None else Agency.from_row(row)


@strawberry.federation.type(
    keys=["id"],
    directives=[category(Category.IDENTITY), about("id")],
    description="A person whom LEAD serves.",
)
class Participant(
    ParticipantReleases,
    ParticipantEmergencies,
    ParticipantOrders,
    ParticipantSafeguards,
    ParticipantBindings,
    ParticipantDuties,
):
    """A participant as far as consent knows them: an id, releases, the accounting."""

    @strawberry.field(description="Who used or was told what, newest first.", directives=_AUDIT)
    async def accounting(
        self,
        info: Info,
        first: First = 25,
        after: After = None,
        report: ReportArgument = None,
        agency_id: AgencyArgument = None,
        since: SinceArgument = None,
        outcomes: OutcomesArgument = None,
    ) -> Connection[Disclosure] | None:
        """Return one page of the accounting."""
        context, participant_id = context_of(info), parse_id(str(self.id))
        agency = None if agency_id is None else parse_id(str(agency_id))
        if participant_id is None or (agency_id is not None and agency is None):
            return None
        ended = None if outcomes is None else tuple(sorted(set(outcomes)))
        chosen = Filter(report, agency, since, ended)
        caller = context.caller
        name = f"Participant.accounting({participant_id},{report},{agency},{since},{ended})"
        key = None if after is None else parse_key(context.seal.open(caller, name, after))
        async with context.reading() as session:
            page = await page_of_accounting(
                session, caller, participant_id,
                AccountingRequest(page_size(first), key, selects(info, "totalCount"), chosen),
            )  # fmt: skip
            numbers = await release_numbers(session, caller, page.rows)
        agencies = await _agencies_of(info, page.rows)
        return connection(
            page, seal=context.seal, caller=caller, name=name, after=after,
            key=Told.cursor_key, node=lambda told: Disclosure.from_told(told, numbers, agencies),
        )  # fmt: skip

    @strawberry.field(
        description="Which agencies were told something in these years (42 CFR 2.24).",
        directives=_AUDIT,
    )
    async def recipients(self, info: Info, years: Years = 3) -> list[RecipientLine] | None:
        """Return who was told something."""
        context, participant_id = context_of(info), parse_id(str(self.id))
        if participant_id is None:
            return None
        counted = max(1, min(years, _MAX_YEARS))
        async with context.reading() as session:
            found = await recipients_of(session, context.caller, participant_id, counted)
        return [
            RecipientLine(last_at=at, times=times, agency_id=agency_id)
            for text, at, times in found
            if (agency_id := parse_id(text)) is not None
        ]

    @classmethod
    async def resolve_references(
        cls,
        info: Info,  # noqa: ARG003 - the fields narrow
        representations: list[dict[str, Any]],
    ) -> list[Self | None]:
        """Return a participant for each well-formed id; every field narrows for itself."""
        return [
            None if each is None else cls(id=strawberry.ID(str(each)))
            for each in reference_ids(representations)
        ]
