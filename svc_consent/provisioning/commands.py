"""What a provider's client does: people and groups come, change and go."""

from typing import Any, Protocol, TypeVar
from uuid import UUID, uuid4

from infra.database import WriteSession
from infra.entity_references import known, parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from infra.vocabulary import Role
from svc_consent.agencies.repository.directory import database_now
from svc_consent.agencies.tables import Account
from svc_consent.authority.repository import record_change
from svc_consent.authority.rules import subject_key
from svc_consent.history.repository import record
from svc_consent.history.rules import EventKind
from svc_consent.provisioning import proposing, repository, rules
from svc_consent.provisioning.rules import GroupTerms, SubjectAttribute, UserTerms
from svc_consent.provisioning.tables import (
    GroupRole,
    ProvisionedGroup,
    ProvisionedMember,
    ProvisionedUser,
    Provisioner,
)

Row = TypeVar("Row", ProvisionedUser, ProvisionedGroup)
Found = TypeVar("Found", covariant=True)


class _Find(Protocol[Found]):
    """Returns the row of an id that the caller may see, locked."""

    async def __call__(
        self, session: WriteSession, caller: Caller, row_id: UUID, *, lock: bool
    ) -> Found | None: ...


async def client_of(session: WriteSession, caller: Caller) -> Provisioner:
    """Return the caller's registration.

    Raises:
        CommandError: the caller is no provider's client of the agency acted for.
    """
    found = await repository.provisioner_of(session, caller)
    if caller.role is not Role.AGA or found is None:
        raise CommandError("FORBIDDEN", "Only the agency's identity provider does this.")
    return found


async def _locked(
    session: WriteSession, caller: Caller, find: _Find[Row], text: str, version: int | None
) -> Row:
    """Return the row that a change is about, locked, as the client read it.

    Raises:
        CommandError: there is none, or it has changed since the version that the client names.
    """
    row_id = parse_id(text)
    row = await find(session, caller, row_id, lock=True) if row_id else None
    if row is None:
        raise not_found("input", "id")
    if version not in (None, row.version):
        raise version_conflict("input", "expectedVersion")
    return row


def _taken(field: str) -> CommandError:
    return CommandError("TAKEN", "Somebody has this already.", ("input", field))


async def put_user(session: WriteSession, caller: Caller, terms: UserTerms) -> dict[str, Any]:
    """Store a person as the provider has them; who is no longer active is out at once.

    Raises:
        CommandError: no client, no such person, changed meanwhile, a name or subject that is
            taken, or another subject than the account was made for.
        RuleError: a text is missing or too long.
    """
    client = await client_of(session, caller)
    name = rules.checked_text(terms.user_name, "userName", needed=True) or ""
    external = rules.checked_text(terms.external_id, "externalId", needed=False)
    display = rules.checked_text(terms.display_name, "displayName", needed=False)
    subject = rules.subject_of(SubjectAttribute(client.subject_attribute), name, external)
    row = None
    if terms.user_id is not None:
        row = await _locked(session, caller, repository.user, terms.user_id, terms.expected_version)
    if await repository.has_user_name(session, client.agency_id, name, row.id if row else None):
        raise _taken("userName")
    now = await database_now(session)
    if row is None:
        account = await _account_for(session, client, subject, display or name)
        row = ProvisionedUser(
            id=uuid4(), agency_id=client.agency_id, account_id=account.id, user_name=name,
            created_at=now, updated_at=now, is_active=not account.is_inactive, version=0,
        )  # fmt: skip
        session.add(row)
        record(
            session, EventKind.ACCOUNT_PROVISIONED, caller, now, agency_id=client.agency_id,
            account_id=account.id,
        )  # fmt: skip
    else:
        found = await repository.account(session, row.account_id)
        if found is None:
            raise not_found("input", "id")
        if found.external_subject != subject:
            await _rename(session, client, found, subject)
        account = found
        account.name = display or name
    row.user_name, row.external_id, row.display_name = name, external, display
    row.updated_at = now
    row.version += 1
    row.is_active = terms.is_active
    await _set_active(session, caller, account, row, is_active=terms.is_active)
    await session.flush()
    return {"user": str(row.id)}


async def _account_for(
    session: WriteSession, client: Provisioner, subject: str, name: str
) -> Account:
    found = await repository.account_of(session, client.issuer, subject)
    if found is not None:
        if await repository.is_known_elsewhere(session, found.id, client.agency_id):
            raise _taken("externalId")
        found.name = name
        return found
    account = Account(
        id=uuid4(),
        issuer=client.issuer,
        external_subject=subject,
        name=name,
        is_blocked=False,
        is_inactive=False,
        created_at=await database_now(session),
        version=1,
    )
    session.add(account)
    await session.flush()
    return account


async def _rename(
    session: WriteSession, client: Provisioner, account: Account, subject: str
) -> None:
    """Let an account come with another subject, while nobody has ever acted under it.

    Raises:
        CommandError: it has or had a role, or the subject is somebody's.
    """
    if await repository.had_roles(session, account.id):
        message = "This person has held a role: make a new person for another subject."
        raise CommandError("IMMUTABLE", message, ("input", "externalId"))
    if await repository.account_of(session, client.issuer, subject) is not None:
        raise _taken("externalId")
    account.external_subject = subject
    await record_change(session, [subject_key(account.id)], [])


async def _set_active(
    session: WriteSession,
    caller: Caller,
    account: Account,
    row: ProvisionedUser,
    *,
    is_active: bool,
) -> None:
    """Let an account in or shut it out; what the platform's administrator blocked stays blocked."""
    if account.is_inactive is not is_active:
        return
    account.is_inactive = not is_active
    account.version += 1
    now = await database_now(session)
    kind = EventKind.ACCOUNT_ACTIVATED if is_active else EventKind.ACCOUNT_DEACTIVATED
    record(session, kind, caller, now, agency_id=row.agency_id, account_id=account.id)
    await record_change(session, [subject_key(account.id)], [])


async def remove_user(
    session: WriteSession, caller: Caller, user_id: str, expected_version: int | None
) -> dict[str, Any]:
    """Take a person out: the account is shut out, and what groups gave is taken back.

    Raises:
        CommandError: no client, no such person, or changed meanwhile.
    """
    client = await client_of(session, caller)
    row = await _locked(session, caller, repository.user, user_id, expected_version)
    members = [member for member, _ in await repository.memberships_of(session, [row.id])]
    await proposing.take_back(session, caller, client.agency_id, members)
    for member in members:
        await repository.leave(session, member.group_id, [row.id])
    account = await repository.account(session, row.account_id)
    row.removed_at = await database_now(session)
    row.is_active = False
    row.version += 1
    if account is not None:
        await _set_active(session, caller, account, row, is_active=False)
    await session.flush()
    return {}


async def put_group(session: WriteSession, caller: Caller, terms: GroupTerms) -> dict[str, Any]:
    """Store a group; who joins is proposed for its role, who leaves loses what it made.

    Raises:
        CommandError: no client, no such group or person, changed meanwhile, or a name is taken.
        RuleError: a text is missing or too long, or too many members at once.
    """
    client = await client_of(session, caller)
    name = rules.checked_text(terms.display_name, "displayName", needed=True) or ""
    external = rules.checked_text(terms.external_id, "externalId", needed=False)
    rules.check_members(terms)
    row = None
    if terms.group_id is not None:
        row = await _locked(
            session, caller, repository.group, terms.group_id, terms.expected_version
        )
    taken = await repository.groups_named(session, client.agency_id, name)
    if any(row is None or each.id != row.id for each in taken):
        raise _taken("displayName")
    now = await database_now(session)
    if row is None:
        row = ProvisionedGroup(
            id=uuid4(), agency_id=client.agency_id, created_at=now, version=0,
            display_name=name,
        )  # fmt: skip
        session.add(row)
    is_renamed = row.display_name != name
    row.display_name, row.external_id, row.updated_at = name, external, now
    row.version += 1
    await session.flush()
    await _change_members(session, caller, row, terms, is_renamed=is_renamed)
    await session.flush()
    return {"group": str(row.id)}


async def _change_members(
    session: WriteSession,
    caller: Caller,
    row: ProvisionedGroup,
    terms: GroupTerms,
    *,
    is_renamed: bool,
) -> None:
    wanted = known([parse_id(each) for each in terms.add])
    people = await repository.users_by_id(session, caller, wanted)
    if len(people) != len(set(terms.add)):
        raise not_found("input", "addMembers")
    before = {member.user_id: (member, user)
              for member, user in await repository.members_of(session, [row.id])}  # fmt: skip
    gone = {each for each in known([parse_id(each) for each in terms.remove]) if each in before}
    if terms.is_whole:
        gone |= set(before) - set(people)
    stay = {each: user for each, (_, user) in before.items() if each not in gone}
    again = set(stay) if is_renamed else set()  # another name may propose another role
    left = [before[each][0] for each in gone | again]
    await proposing.take_back(session, caller, row.agency_id, left)
    await repository.leave(session, row.id, [each.user_id for each in left])
    mapped = await repository.role_of_group(session, row.agency_id, row.display_name)
    fresh = [user for each, user in people.items() if each not in stay]
    for user in (*(stay[each] for each in again), *fresh):
        await join(session, caller, row.id, mapped, user)


async def join(
    session: WriteSession,
    caller: Caller,
    group_id: UUID,
    mapped: GroupRole | None,
    user: ProvisionedUser,
) -> None:
    """Put a person into a group, with what it came to."""
    made = await proposing.propose(session, caller, mapped, user)
    member = ProvisionedMember(
        group_id=group_id,
        user_id=user.id,
        outcome=made.outcome.value,
        code=made.code,
        grant_id=parse_id(made.grant_id),
        request_id=parse_id(made.request_id),
        at=await database_now(session),
    )
    await repository.put(session, member)


async def remove_group(
    session: WriteSession, caller: Caller, group_id: str, expected_version: int | None
) -> dict[str, Any]:
    """Take a group away, and what its memberships made.

    Raises:
        CommandError: no client, no such group, or changed meanwhile.
    """
    client = await client_of(session, caller)
    row = await _locked(session, caller, repository.group, group_id, expected_version)
    members = [member for member, _ in await repository.members_of(session, [row.id])]
    await proposing.take_back(session, caller, client.agency_id, members)
    await repository.leave(session, row.id, [each.user_id for each in members])
    await repository.remove_group(session, row.id)
    await session.flush()
    return {}
