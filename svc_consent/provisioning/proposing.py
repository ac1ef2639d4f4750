"""What a membership of a group comes to: a role, a request for a second person, or nothing.

There is no shorter way to a role here: a proposal goes through the commands that people use, with
the ceiling of the agency's type, separation of duties and two-person approval.
"""

from collections.abc import Sequence
from uuid import UUID

from infra.database import WriteSession
from infra.errors import RuleError
from infra.identity_token import Caller
from infra.mutation_result import CommandError
from infra.vocabulary import Role
from svc_consent.agencies.commands import GrantTerms, grant_role, take_away
from svc_consent.agencies.repository.directory import database_now
from svc_consent.agencies.rules import needs_second_person
from svc_consent.governance.commands import request_role
from svc_consent.governance.rules import RequestStatus
from svc_consent.history.repository import record
from svc_consent.history.rules import EventKind
from svc_consent.provisioning import repository
from svc_consent.provisioning.rules import Outcome, Proposed
from svc_consent.provisioning.tables import GroupRole, ProvisionedMember, ProvisionedUser

_LEFT = "The identity provider took the person out of the group"


async def propose(
    session: WriteSession, caller: Caller, mapped: GroupRole | None, user: ProvisionedUser
) -> Proposed:
    """Propose a group's role for a person; what stands against it becomes the outcome.

    Whoever mapped the group gets nothing by it without a second person.
    """
    if mapped is None:
        return Proposed(Outcome.UNMAPPED)
    role = Role(mapped.role)
    terms = GrantTerms(
        account_id=str(user.account_id),
        role=role,
        is_liaison=mapped.is_liaison,
        starts_at=None,
        ends_at=None,
        reason=f"Group {mapped.display_name} of the identity provider",
    )
    by_two = needs_second_person(role, is_liaison=mapped.is_liaison)
    try:
        async with session.begin_nested():
            if by_two or mapped.mapped_by == user.account_id:
                made = await request_role(session, caller, caller.agency_id, terms)
                return Proposed(Outcome.REQUESTED, request_id=made["request"])
            made = await grant_role(session, caller, terms)
            return Proposed(Outcome.GRANTED, grant_id=made["grantId"])
    except (CommandError, RuleError) as error:
        if error.code == "GRANT_EXISTS":
            return Proposed(Outcome.HELD)
        if error.code == "REQUESTED_ALREADY":
            return Proposed(Outcome.REQUESTED)
        return Proposed(Outcome.REFUSED, code=error.code)


async def take_back(
    session: WriteSession, caller: Caller, agency_id: UUID, members: Sequence[ProvisionedMember]
) -> None:
    """Take away what memberships made, and nothing that somebody gave by hand."""
    now = await database_now(session)
    ids = [each.request_id for each in members if each.request_id is not None]
    grant_ids = [each.grant_id for each in members if each.grant_id is not None]
    for request in await repository.requests_made(session, ids, agency_id):
        if request.grant_id is not None:
            grant_ids.append(request.grant_id)
        if request.status != RequestStatus.REQUESTED:
            continue
        request.status = RequestStatus.DECLINED.value
        request.decided_by, request.decided_at = UUID(caller.subject), now
        request.decision_reason = _LEFT
        request.version += 1
        record(
            session, EventKind.ROLE_DECLINED, caller, now, agency_id=agency_id,
            account_id=request.account_id, role=request.role, reason=_LEFT,
        )  # fmt: skip
    grants = await repository.grants_made(session, grant_ids, agency_id)
    if grants:
        await take_away(session, caller, grants, _LEFT)
