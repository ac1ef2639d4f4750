"""Sites and agencies: their names are CATALOGUE, their membership AGENCY_ROLES."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

import strawberry
from strawberry.types import Info

from infra import clock
from infra.batch_loader import BatchLoader
from infra.database import ReadSession
from infra.entity_references import parse_id, reference_ids
from infra.identity_token import Caller
from infra.owner_pages import page_request
from infra.pagination import Connection, connection
from infra.request_context import context_of
from infra.schema_directives import category
from infra.schema_enums import described_enum
from infra.vocabulary import ROLE_TITLES, AgencyType, Category, Role
from svc_consent.agencies import tables
from svc_consent.agencies.repository import directory as repository
from svc_consent.agencies.rules import MembershipStatus, membership_status, roles_within

CATALOGUE = [category(Category.CATALOGUE)]
STRUCTURE = [category(Category.STRUCTURE)]
ROLES = [category(Category.AGENCY_ROLES)]
_AGENCY_TITLES = {
    AgencyType.CM: "Case-management provider.",
    AgencyType.PMA: "Project management agency.",
    AgencyType.LE: "Law enforcement.",
    AgencyType.PROS: "Prosecutor's office.",
    AgencyType.DEF: "Public defender's office.",
    AgencyType.PROB: "Probation or corrections.",
    AgencyType.COURT: "Court.",
    AgencyType.SUD: "Provider of substance-use treatment.",
    AgencyType.MH: "Provider of mental-health treatment.",
    AgencyType.HOUS: "Housing provider.",
    AgencyType.EMS: "Emergency medical service.",
    AgencyType.COMM: "Community partner or business.",
    AgencyType.EVAL: "Evaluator.",
    AgencyType.LSB: "Technical assistance.",
    AgencyType.TRAIN: "Training provider.",
    AgencyType.PLATFORM: "Operator of the platform.",
}

First = Annotated[int, strawberry.argument(description="Rows on the page, 1 to 100.")]
After = Annotated[str | None, strawberry.argument(description="Cursor of the row before the page.")]

described_enum(Role, "What a person acts as, for one agency at one site.", ROLE_TITLES)
described_enum(AgencyType, "Kind of organisation.", _AGENCY_TITLES)
described_enum(
    MembershipStatus,
    "Where an agency's membership of a site stands.",
    {
        MembershipStatus.PROSPECTIVE: "The agency is invited; nothing is shared with it yet.",
        MembershipStatus.EXPIRED: "Its memoranda are over; nothing is shared with the agency.",
        MembershipStatus.MOU_SIGNED: "It counts, in the time of its memorandum.",
        MembershipStatus.SUSPENDED: "It rests; nothing is shared with the agency.",
        MembershipStatus.WITHDRAWN: "The agency has left; nothing is shared with it.",
    },
)


@strawberry.federation.type(
    keys=["id"], directives=CATALOGUE, description="A LEAD initiative: one place, many agencies."
)
class Site:
    """One site."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Global id.")
    name: str = strawberry.field(description="Name of the initiative.")
    county: str = strawberry.field(description="County that it is in.")
    time_zone: str = strawberry.field(description="IANA name of its time zone.")

    @classmethod
    def from_row(cls, row: tables.Site) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            name=row.name,
            county=row.county,
            time_zone=row.time_zone,
        )

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> list[Self | None]:
        """Return the sites that a batch of representations names."""
        ids = reference_ids(representations)
        rows = await context_of(info).loader(Sites).load_many(list(ids))
        return [None if row is None else cls.from_row(row) for row in rows]


class Sites(BatchLoader[tables.Site]):
    """Sites by id."""

    async def fetch(
        self,
        session: ReadSession,
        caller: Caller,  # noqa: ARG002 - alike for all callers
        ids: list[UUID],
    ) -> dict[UUID, tables.Site]:
        """Read them in one statement; everybody may know them."""
        return await repository.sites_by_id(session, ids)


@strawberry.type(directives=ROLES, description="A memorandum of understanding with a site.")
class Agreement:
    """One MOU."""

    id: strawberry.ID = strawberry.field(directives=STRUCTURE, description="Global id.")
    starts_at: datetime | None = strawberry.field(description="From when it counts.")
    ends_at: datetime | None = strawberry.field(description="Until when it counts.")


@strawberry.type(directives=ROLES, description="That an agency takes part in a site.")
class Membership:
    """One membership with its agreements."""

    site: Site | None = strawberry.field(description="Which site.")
    status: MembershipStatus | None = strawberry.field(description="Where it stands.")
    since_at: datetime | None = strawberry.field(description="Since when it stands like this.")
    agreements: list[Agreement] | None = strawberry.field(description="Oldest first.")
    version: int | None = strawberry.field(description="Counts changes; an update names it.")


class Memberships(BatchLoader[list[tuple[tables.Membership, list[tables.Mou]]]]):
    """Memberships by agency."""

    async def fetch(
        self, session: ReadSession, caller: Caller, ids: list[UUID]
    ) -> dict[UUID, list[tuple[tables.Membership, list[tables.Mou]]]]:
        """Read those of agencies whose membership the caller may see."""
        mine = [each for each in ids if repository.may_see_agency_roles(caller, each)]
        return await repository.memberships_of(session, mine)


@strawberry.federation.type(
    keys=["id"], directives=CATALOGUE, description="An agency of the directory."
)
class Agency:
    """One agency."""

    id: strawberry.ID = strawberry.field(
        directives=STRUCTURE, description="Global id of the agency."
    )
    name: str = strawberry.field(description="Name.")
    type: AgencyType = strawberry.field(description="Kind of organisation.")
    part2_status: str = strawberry.field(
        description="PROGRAM, NOT_PROGRAM or UNDETERMINED under 42 CFR 2.11; the last counts as "
        "a programme."
    )
    grantable_roles: list[Role] = strawberry.field(
        description="Roles that its administrator may give, by what kind it is."
    )
    requestable_roles: list[Role] = strawberry.field(
        description="Roles that its administrator may only ask for: a second person decides. A "
        "prosecutor who is to be the liaison is asked for as well."
    )

    @strawberry.field(directives=ROLES, description="The sites that it takes part in.")
    async def memberships(self, info: Info) -> list[Membership] | None:
        """Return the memberships, empty where the caller may not see them."""
        context = context_of(info)
        found = await context.loader(Memberships).load(_uuid(self.id)) or []
        sites = await context.loader(Sites).load_many([each.site_id for each, _ in found])
        return [
            Membership(
                site=None if site is None else Site.from_row(site),
                status=membership_status(
                    MembershipStatus(each.status), [m.ends_at for m in mous], clock.now()
                ),
                version=each.version,
                since_at=each.since_at,
                agreements=[
                    Agreement(id=strawberry.ID(str(m.id)), starts_at=m.starts_at, ends_at=m.ends_at)
                    for m in mous
                ],
            )
            for (each, mous), site in zip(found, sites, strict=True)
        ]

    @classmethod
    def from_row(cls, row: tables.Agency) -> Self:
        """Return the GraphQL object of a row."""
        return cls(
            id=strawberry.ID(str(row.id)),
            name=row.name,
            type=AgencyType(row.type),
            part2_status=row.part2_status,
            grantable_roles=roles_within(AgencyType(row.type), needs_second=False),
            requestable_roles=roles_within(AgencyType(row.type), needs_second=True),
        )

    @classmethod
    async def resolve_references(
        cls, info: Info, representations: list[dict[str, Any]]
    ) -> list[Self | None]:
        """Return the agencies that a batch of representations names."""
        ids = reference_ids(representations)
        rows = await context_of(info).loader(Agencies).load_many(list(ids))
        return [None if row is None else cls.from_row(row) for row in rows]


class Agencies(BatchLoader[tables.Agency]):
    """Agencies by id."""

    async def fetch(
        self,
        session: ReadSession,
        caller: Caller,  # noqa: ARG002 - alike for all callers
        ids: list[UUID],
    ) -> dict[UUID, tables.Agency]:
        """Read them in one statement; everybody may know them."""
        return await repository.agencies_by_id(session, ids)


def _uuid(text: strawberry.ID) -> UUID:
    return UUID(str(text))


@strawberry.type(directives=STRUCTURE)
class DirectoryQuery:
    """Root fields about sites and agencies."""

    @strawberry.field(description="All sites, by name.", directives=CATALOGUE)
    async def sites(self, info: Info) -> list[Site] | None:
        """Return all sites."""
        async with context_of(info).reading() as session:
            return [Site.from_row(row) for row in await repository.sites(session)]

    @strawberry.field(description="One site.", directives=CATALOGUE)
    async def site(
        self,
        info: Info,
        id: Annotated[  # noqa: A002 - the name of the GraphQL argument
            strawberry.ID, strawberry.argument(description="Global id of the site.")
        ],
    ) -> Site | None:
        """Return a site, or None."""
        found = await Site.resolve_references(info, [{"id": str(id)}])
        return found[0]

    @strawberry.field(description="One agency.", directives=CATALOGUE)
    async def agency(
        self,
        info: Info,
        id: Annotated[  # noqa: A002 - the name of the GraphQL argument
            strawberry.ID, strawberry.argument(description="Global id of the agency.")
        ],
    ) -> Agency | None:
        """Return an agency, or None."""
        wanted = parse_id(str(id))
        row = None if wanted is None else await context_of(info).loader(Agencies).load(wanted)
        return None if row is None else Agency.from_row(row)

    @strawberry.field(description="All agencies, by name.")
    async def agencies(
        self, info: Info, first: First = 25, after: After = None
    ) -> Connection[Agency] | None:
        """Return one page of agencies."""
        context, name = context_of(info), "Query.agencies"
        order = repository.AGENCY_ORDER
        wanted = page_request(context, info, name=name, order=order, first=first, after=after)
        async with context.reading() as session:
            page = await repository.page_of_agencies(session, wanted)
        return connection(
            page, seal=context.seal, caller=context.caller, name=name, after=after,
            key=order.key, node=Agency.from_row,
        )  # fmt: skip
