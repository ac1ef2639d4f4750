"""Which column of the policy a request acts under, and the internal tokens that say so."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from gateway.errors import RequestRefusedError
from gateway.policy.access_table import AccessTable, View
from gateway.principal import Principal
from infra import clock
from infra.identity_token import Caller, TokenMinter
from infra.vocabulary import (
    ALWAYS_DENY_PURPOSES,
    STAFF_PURPOSES,
    Category,
    Purpose,
    UnknownCodeError,
    parse_purpose,
)

_REUSE_SECONDS = 30
_MAX_TOKENS = 10_000


@dataclass(frozen=True, slots=True)
class Acting:
    """One request's standing.

    Attributes:
        principal: confirmed by the directory.
        column: of the matrix.
        purpose: effective purpose; None prunes everything about a person.
        stated_purpose: what the header said, for the record of an always-deny purpose.
        view: what the column can ever see with this purpose.
        access: grounds by category, for services, decisions and gate.
    """

    principal: Principal
    column: str
    purpose: Purpose | None
    stated_purpose: Purpose | None
    view: View
    access: Mapping[Category, str]
    caller: Caller


def read_purpose(header: str | None) -> Purpose | None:
    """Return the purpose of use that a request states.

    Raises:
        RequestRefusedError: 403, it is no purpose at all.
    """
    if header is None:
        return None
    try:
        return parse_purpose(header.strip())
    except UnknownCodeError:
        raise RequestRefusedError(403, "PURPOSE_NOT_ALLOWED") from None


def act(
    principal: Principal,
    stated: Purpose | None,
    table: AccessTable,
    *,
    is_service: bool = False,
    is_under_order: bool = False,
) -> Acting:
    """Return a request's standing under one grant and purpose.

    Args:
        is_service: nobody stands behind the request, so nothing about any person is served.
        is_under_order: a door carries a court order out for the person who asks (D33).

    Raises:
        RequestRefusedError: 403, the role does not act for this purpose.
    """
    grant = principal.grant
    column = table.matrix.column_of(
        grant.role, is_liaison=grant.is_liaison, service_field=grant.service_field
    )
    if is_under_order:
        ordered = table.matrix.column_under_order(grant.role)
        if ordered is None:
            raise RequestRefusedError(403, "PURPOSE_NOT_ALLOWED")
        column = ordered
    purpose = stated
    if stated in ALWAYS_DENY_PURPOSES:
        purpose = None  # the operation runs without anything about a person, and is recorded
    elif stated is not None and stated not in table.matrix.purposes_of(column) | STAFF_PURPOSES:
        raise RequestRefusedError(403, "PURPOSE_NOT_ALLOWED")
    has_person_purpose = purpose is not None and purpose not in STAFF_PURPOSES and not is_service
    access, forms, aggregates = table.access_of(column, has_person_purpose=has_person_purpose)
    for category in grant.withheld:
        access.pop(category, None)
        forms.pop(category, None)
    caller = Caller(
        subject=principal.subject,
        agency_id=grant.agency_id,
        site_id=grant.site_id,
        grant_id=grant.id,
        role=grant.role,
        purpose=purpose,
        access=MappingProxyType(access),
        forms=MappingProxyType(forms),
        aggregates=aggregates - grant.withheld - grant.withheld_figures,
        service_field=grant.service_field,
        is_liaison=grant.is_liaison,
        policy_version=table.version,
    )
    return Acting(
        principal=principal,
        column=column,
        purpose=purpose,
        stated_purpose=stated,
        view=table.view(column, has_person_purpose=has_person_purpose),
        access=caller.access,
        caller=caller,
    )


@dataclass(slots=True)
class InternalTokens:
    """Internal tokens by (caller, audience); one is reused for half of its life.

    Signing costs more than a short fetch, and a token says nothing about one request but the
    least revision, which is part of the key. Both clocks must say that it is young: one that was
    made while the wall clock was wrong is believed by nobody once it is right.
    """

    minter: TokenMinter
    _known: dict[tuple[object, ...], tuple[str, float, int]] = field(default_factory=dict)

    def token(self, caller: Caller, audience: str) -> str:
        """Return a token that speaks for a caller at one service."""
        if caller.permit is not None or caller.event is not None:  # for one effect, one event
            return self.minter.for_caller(caller, audience)
        key = (
            caller.subject,
            caller.grant_id,
            caller.purpose,
            caller.min_revision,
            caller.policy_version,
            *caller.access,  # a clearance that lapses takes categories away from the same grant
            caller.aggregates,  # and so does a site that no longer agrees to figures
            audience,
        )
        known = self._known.get(key)
        now, second = clock.monotonic(), clock.epoch_seconds()
        if known is not None and now < known[1] and 0 <= second - known[2] <= _REUSE_SECONDS:
            return known[0]
        if len(self._known) >= _MAX_TOKENS:
            self._known.clear()
        token = self.minter.for_caller(caller, audience)
        self._known[key] = token, now + _REUSE_SECONDS, second
        return token
