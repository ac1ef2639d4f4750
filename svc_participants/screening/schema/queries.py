"""Reading: protocols, what one would have said, the waiting list, the site's settings."""

from collections.abc import Sequence

import strawberry
from strawberry.types import Info

from infra.entity_references import parse_id
from infra.owner_pages import page_request
from infra.pagination import Connection, Page, connection
from infra.request_context import context_of
from infra.schema_directives import category
from infra.vocabulary import Category
from svc_participants.people.schema import After, First, GlobalId
from svc_participants.protocols import judgement
from svc_participants.protocols import repository as protocols
from svc_participants.protocols.rules import read
from svc_participants.referrals import repository as referrals
from svc_participants.referrals.schema.queries import connected
from svc_participants.referrals.schema.referral import Referral
from svc_participants.referrals.tables import ReferralRow, SiteProgramRow
from svc_participants.screening import repository
from svc_participants.screening.schema.protocols import SiteProtocol, load_protocol, protocol_of

_STRUCTURE = [category(Category.STRUCTURE)]
_CATALOGUE = [category(Category.CATALOGUE)]
_REFERRAL = [category(Category.REFERRAL)]
_ELIGIBILITY = [category(Category.ELIGIBILITY)]
_VERSIONS, _WAITLIST = "Query.siteProtocols", "Query.waitlist"
_DECLINE, _ACCEPT = "ProtocolPreview.wouldDecline", "ProtocolPreview.wouldAccept"


@strawberry.type(
    directives=_STRUCTURE,
    description="What a version would have said of the newest 1,000 referrals that you screen.",
)
class ProtocolPreview:
    """A preview. Each list counts what you may see and nothing else."""

    declined: strawberry.Private[Sequence[ReferralRow]]
    accepted: strawberry.Private[Sequence[ReferralRow]]

    @strawberry.field(
        description="Within the protocol then, outside it under this version.",
        directives=_REFERRAL,
    )
    async def would_decline(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[Referral] | None:
        """Return a page of those who would have been declined."""
        return await _slice(info, self.declined, _DECLINE, first, after)

    @strawberry.field(
        description="Outside the protocol then, not so under this version.",
        directives=_REFERRAL,
    )
    async def would_accept(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[Referral] | None:
        """Return a page of those who would no longer have been declined."""
        return await _slice(info, self.accepted, _ACCEPT, first, after)


async def _slice(
    info: Info, rows: Sequence[ReferralRow], name: str, first: int, after: str | None
) -> Connection[Referral]:
    context, order = context_of(info), referrals.BY_SUBMISSION
    request = page_request(context, info, name=name, order=order, first=first, after=after)
    rest = rows
    if request.after is not None:
        last = tuple(request.after)
        rest = [each for each in rows if (each.submitted_at, each.id) < last]
    page = Page(rest[: request.first], len(rest) > request.first, len(rows))
    return await connected(info, page, name, order, after)


def _outside(protocol_rules: dict[str, object], row: ReferralRow) -> bool:
    facts = judgement.read_facts(row.judgement["facts"])
    judged = judgement.judge(read(protocol_rules), facts)
    return judged.judged_as is judgement.JudgedAs.OUTSIDE_PROTOCOL


@strawberry.type(directives=_CATALOGUE, description="What a site has settled for itself.")
class SiteSettings:
    """Settings of a site."""

    id: strawberry.ID = strawberry.field(description="The site.", directives=_STRUCTURE)
    caseload_warning: int = strawberry.field(description="Size at which is warned.")
    caseload_limit: int = strawberry.field(description="Largest caseload.")
    time_zone: str = strawberry.field(description="Zone that clocks run in.")
    public_name: str | None = strawberry.field(description="Name on the community form.")
    version: int = strawberry.field(
        description="Give it as `expectedVersion` for a change.", directives=_STRUCTURE
    )


def settings_of(row: SiteProgramRow) -> SiteSettings:
    """Return the GraphQL object of a site's settings."""
    return SiteSettings(
        id=strawberry.ID(str(row.site_id)),
        caseload_warning=row.caseload_warning,
        caseload_limit=row.caseload_limit,
        time_zone=row.time_zone,
        public_name=row.public_name,
        version=row.version,
    )


async def load_settings(info: Info) -> SiteSettings | None:
    """Return the settings of the caller's site."""
    context = context_of(info)
    site_id = parse_id(context.caller.site_id)
    if site_id is None:
        return None
    async with context.reading() as session:
        row = await referrals.site_program(session, site_id)
    return None if row is None else settings_of(row)


@strawberry.type(directives=_STRUCTURE, description="Reading what screening goes by.")
class ScreeningQuery:
    """Root fields of screening."""

    @strawberry.field(description="What your site has settled.", directives=_CATALOGUE)
    async def site_settings(self, info: Info) -> SiteSettings | None:
        """Return the settings of the caller's site."""
        return await load_settings(info)

    @strawberry.field(
        description="The waiting list that you screen, in the order of the protocol's rule.",
        directives=_ELIGIBILITY,
    )
    async def waitlist(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[Referral] | None:
        """Return a page of the waiting list."""
        context, order = context_of(info), repository.BY_PRIORITY
        request = page_request(context, info, name=_WAITLIST, order=order, first=first, after=after)
        async with context.reading() as session:
            page = await repository.waitlist_page(session, context.caller, request)
        return await connected(info, page, _WAITLIST, order, after)

    @strawberry.field(
        description="What a version would have said of past referrals, before it counts (PM)."
    )
    async def protocol_preview(self, info: Info, id: GlobalId) -> ProtocolPreview | None:  # noqa: A002
        """Return a preview."""
        context, key = context_of(info), parse_id(id)
        if key is None:
            return None
        async with context.reading() as session:
            version = await protocols.readable(session, context.caller, key)
            if version is None:
                return None
            rows = await repository.judged(session, context.caller)
        outside = judgement.JudgedAs.OUTSIDE_PROTOCOL.value
        now_outside = {each.id for each in rows if _outside(version.rules, each)}
        return ProtocolPreview(
            declined=[
                each
                for each in rows
                if each.id in now_outside and each.judgement["judged_as"] != outside
            ],
            accepted=[
                each
                for each in rows
                if each.id not in now_outside and each.judgement["judged_as"] == outside
            ],
        )

    @strawberry.field(
        description="Versions of your site's protocol, newest first; drafts for PM and PCG.",
        directives=_CATALOGUE,
    )
    async def site_protocols(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[SiteProtocol] | None:
        """Return a page of versions."""
        context, order = context_of(info), protocols.NEWEST_FIRST
        request = page_request(context, info, name=_VERSIONS, order=order, first=first, after=after)
        async with context.reading() as session:
            found = await protocols.versions_page(session, context.caller, request)
        return connection(
            found,
            seal=context.seal,
            caller=context.caller,
            name=_VERSIONS,
            after=after,
            key=order.key,
            node=protocol_of,
        )

    @strawberry.field(description="One version of your site's protocol.", directives=_CATALOGUE)
    async def site_protocol(self, info: Info, id: GlobalId) -> SiteProtocol | None:  # noqa: A002
        """Return one version."""
        return await load_protocol(info, id)
