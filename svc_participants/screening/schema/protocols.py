"""Types of protocols: a site's rules are open to those who work under them."""

from datetime import date, datetime

import strawberry
from strawberry.types import Info

from infra.entity_references import parse_id
from infra.request_context import context_of
from infra.schema_directives import category
from infra.schema_enums import described_enum
from infra.vocabulary import Category
from svc_participants.protocols import repository, rules
from svc_participants.protocols.tables import ProtocolVersionRow
from svc_participants.referrals import rules as forms

_CATALOGUE = [category(Category.CATALOGUE)]
_STRUCTURE = [category(Category.STRUCTURE)]

described_enum(rules.ProtocolState, "Where a version of a protocol stands.", rules.STATE_MEANINGS)


@strawberry.type(directives=_CATALOGUE, description="A charge that may be diverted.")
class DivertibleCharge:
    """A charge."""

    rcw: str | None = strawberry.field(description="Statute (RCW), the legal code.")
    nibrs: str | None = strawberry.field(description="NIBRS code, for statistics.")
    maximum_grams: float | None = strawberry.field(description="Up to this amount.")


@strawberry.type(directives=_CATALOGUE, description="A criterion that leaves somebody out.")
class ExclusionCriterion:
    """An exclusion."""

    code: str = strawberry.field(description="Code to answer it by.")
    text: str = strawberry.field(description="The criterion in words.")
    doors: list[forms.Door] = strawberry.field(
        description="Doors at which it is asked; none: at all."
    )


@strawberry.type(directives=_CATALOGUE, description="Points for what a referral says.")
class PriorityRule:
    """A priority; what is null is met by every referral."""

    points: int = strawberry.field(description="Points, or fewer where negative.")
    reason: str = strawberry.field(description="The reason that is shown.")
    door: forms.Door | None = strawberry.field(description="Only for this door.")
    urgency: forms.Urgency | None = strawberry.field(description="Only for this urgency.")
    intercept_point: forms.InterceptPoint | None = strawberry.field(
        description="Only at this intercept point."
    )
    counterfactual: forms.Counterfactual | None = strawberry.field(
        description="Only for this counterfactual."
    )
    need: forms.Need | None = strawberry.field(description="Only with this need.")


@strawberry.type(directives=_CATALOGUE, description="The clocks and counts of a protocol.")
class ProtocolLimits:
    """The limits."""

    handoff_minutes: int = strawberry.field(description="A case manager reaches the scene.")
    intake_days: int = strawberry.field(description="From the referral to the full intake.")
    waitlist_days: int = strawberry.field(description="A place on the waiting list lapses.")
    inactive_days: int = strawberry.field(description="Somebody not met for these is looked for.")
    contact_attempts: int = strawberry.field(description="Attempts before unable to locate.")


@strawberry.type(directives=_CATALOGUE, description="A version of a site's protocol, as data.")
class SiteProtocol:
    """A rule set."""

    id: strawberry.ID = strawberry.field(description="Opaque id.", directives=_STRUCTURE)
    number: int = strawberry.field(description="Number of the version at its site.")
    title: str = strawberry.field(description="What it is called.")
    state: rules.ProtocolState = strawberry.field(description="Draft or adopted.")
    effective_on: date = strawberry.field(description="From this day of the site on.")
    agreed_by: str | None = strawberry.field(description="Which body has agreed to it.")
    adopted_at: datetime | None = strawberry.field(description="When it was adopted.")
    minimum_age_years: int | None = strawberry.field(description="Youngest age, if any.")
    charges: list[DivertibleCharge] = strawberry.field(description="Divertible charges.")
    exclusions: list[ExclusionCriterion] = strawberry.field(description="Who is left out.")
    priorities: list[PriorityRule] = strawberry.field(description="Order of the waiting list.")
    limits: ProtocolLimits = strawberry.field(description="Clocks and counts.")
    districts: list[str] = strawberry.field(description="Districts that figures are split by.")
    version: int = strawberry.field(
        description="Give it as `expectedVersion` for a change.", directives=_STRUCTURE
    )


def protocol_of(row: ProtocolVersionRow) -> SiteProtocol:
    """Return the GraphQL object of a version."""
    read = rules.read(row.rules)
    limits = read.limits
    return SiteProtocol(
        id=strawberry.ID(str(row.id)),
        number=row.number,
        title=row.title,
        state=rules.ProtocolState(row.state),
        effective_on=row.effective_on,
        agreed_by=row.agreed_by,
        adopted_at=row.adopted_at,
        minimum_age_years=read.minimum_age_years,
        charges=[
            DivertibleCharge(rcw=c.rcw, nibrs=c.nibrs, maximum_grams=c.maximum_grams)
            for c in read.charges
        ],
        exclusions=[
            ExclusionCriterion(code=e.code, text=e.text, doors=[forms.Door(d) for d in e.doors])
            for e in read.exclusions
        ],
        priorities=[
            PriorityRule(
                points=p.points,
                reason=p.reason,
                door=forms.Door(p.door) if p.door else None,
                urgency=forms.Urgency(p.urgency) if p.urgency else None,
                intercept_point=(
                    forms.InterceptPoint(p.intercept_point) if p.intercept_point else None
                ),
                counterfactual=(
                    forms.Counterfactual(p.counterfactual) if p.counterfactual else None
                ),
                need=forms.Need(p.need) if p.need else None,
            )
            for p in read.priorities
        ],
        limits=ProtocolLimits(
            handoff_minutes=limits.handoff_minutes,
            intake_days=limits.intake_days,
            waitlist_days=limits.waitlist_days,
            inactive_days=limits.inactive_days,
            contact_attempts=limits.contact_attempts,
        ),
        districts=list(read.districts),
        version=row.version,
    )


async def load_protocol(info: Info, protocol_id: object) -> SiteProtocol | None:
    """Return a version that the caller may read."""
    context = context_of(info)
    key = parse_id(str(protocol_id))
    if key is None:
        return None
    async with context.reading() as session:
        row = await repository.readable(session, context.caller, key)
    return None if row is None else protocol_of(row)
