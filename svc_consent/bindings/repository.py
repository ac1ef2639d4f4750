"""Statements on codes and bindings."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import ColumnElement, func, literal, or_, select, text
from sqlalchemy.types import Uuid

from infra.authority.predicate import visible
from infra.batch_loader import IDS, AnySelect, BatchLoader
from infra.database import AnySession, WriteSession
from infra.identity_token import Caller
from infra.vocabulary import Category, Role
from svc_consent.agencies.tables import Account, AccountBinding, RoleGrant
from svc_consent.bindings.rules import ROLE_OF_KIND, BindingKind
from svc_consent.bindings.tables import BindingAttempt, BindingCode

_WINDOW = timedelta(minutes=15)
_COUNT_FAILURE = text(
    "insert into binding_attempt (login, since_at, failures) values (:login, clock_timestamp(), 1)"
    " on conflict (login) do update set"
    " failures = case when binding_attempt.since_at < clock_timestamp() - cast(:window as interval)"
    "   then 1 else binding_attempt.failures + 1 end,"
    " since_at = case when binding_attempt.since_at < clock_timestamp() - cast(:window as interval)"
    "   then clock_timestamp() else binding_attempt.since_at end"
)


async def may_see(session: AnySession, caller: Caller, participant_id: UUID) -> bool:
    """Return whether the caller may see who is bound to a participant."""
    found = await session.scalar(
        select(literal(1)).where(visible(caller, Category.AUDIT, literal(participant_id, Uuid)))
    )
    return found is not None


def _live(now: datetime) -> ColumnElement[bool]:
    return or_(AccountBinding.ends_at.is_(None), AccountBinding.ends_at > now)


async def is_bound(session: AnySession, participant_id: UUID, now: datetime) -> bool:
    """Return whether a login speaks for the participant as themselves."""
    found = await session.scalar(
        select(literal(1)).where(
            AccountBinding.participant_id == participant_id,
            AccountBinding.kind == BindingKind.SELF.value,
            _live(now),
        )
    )
    return found is not None


async def usable_code(session: WriteSession, code_hash: str, now: datetime) -> BindingCode | None:
    """Return a code that can still be used, locked."""
    row: BindingCode | None = await session.scalar(
        select(BindingCode)
        .where(
            BindingCode.code_hash == code_hash,
            BindingCode.used_at.is_(None),
            BindingCode.expires_at > now,
        )
        .with_for_update()
    )
    return row


async def failures(session: AnySession, login: str, now: datetime) -> int:
    """Return how often a login has tried a wrong code in the current window."""
    count = await session.scalar(
        select(BindingAttempt.failures).where(
            BindingAttempt.login == login, BindingAttempt.since_at >= now - _WINDOW
        )
    )
    return count or 0


async def count_failure(session: WriteSession, login: str) -> None:
    """Count one wrong code of a login."""
    await session.execute(_COUNT_FAILURE, {"login": login, "window": _WINDOW})


async def account_for(
    session: WriteSession, issuer: str, external_subject: str, now: datetime
) -> Account | None:
    """Return the account of a login, made now if it has none; None for one that may not be bound.

    A blocked account may not, nor one that holds a role on somebody's staff: who serves people
    uses another login for the own record.
    """
    account: Account | None = await session.scalar(
        select(Account)
        .where(Account.issuer == issuer, Account.external_subject == external_subject)
        .with_for_update()
    )
    if account is None:
        account = Account(
            id=uuid4(), issuer=issuer, external_subject=external_subject, name="",
            is_blocked=False, created_at=now,
        )  # fmt: skip
        session.add(account)
        await session.flush()
        return account
    staff = await session.scalar(
        select(func.count())
        .select_from(RoleGrant)
        .where(
            RoleGrant.account_id == account.id,
            RoleGrant.revoked_at.is_(None),
            RoleGrant.role.not_in([Role.PAR.value, Role.REP.value]),
        )
    )
    return None if account.is_blocked or staff else account


async def own_grant(
    session: WriteSession, account_id: UUID, site_id: UUID, kind: BindingKind, now: datetime
) -> RoleGrant:
    """Return the role that comes with a binding, made now if the account does not hold it."""
    role = ROLE_OF_KIND[kind]
    grant: RoleGrant | None = await session.scalar(
        select(RoleGrant).where(
            RoleGrant.account_id == account_id,
            RoleGrant.site_id == site_id,
            RoleGrant.role == role.value,
            RoleGrant.revoked_at.is_(None),
        )
    )
    if grant is None:
        grant = RoleGrant(
            id=uuid4(), account_id=account_id, agency_id=None, site_id=site_id, role=role.value,
            is_liaison=False, service_field=None, starts_at=now, ends_at=None,
            reason="Bound by a one-time code", approved_by=None, granted_at=now,
        )  # fmt: skip
        session.add(grant)
    return grant


async def binding_for_update(
    session: WriteSession, caller: Caller, binding_id: UUID
) -> AccountBinding | None:
    """Return a binding that the caller may see, locked."""
    row: AccountBinding | None = await session.scalar(
        select(AccountBinding)
        .where(
            AccountBinding.id == binding_id,
            visible(caller, Category.AUDIT, AccountBinding.participant_id),
        )
        .with_for_update()
    )
    return row


class BindingsOfParticipants(BatchLoader[list[AccountBinding]]):
    """Who speaks or spoke for participants, newest first."""

    def statement(self, caller: Caller) -> AnySelect:
        """All of them about people whose accounting the caller may see."""
        return (
            select(AccountBinding)
            .where(
                AccountBinding.participant_id == IDS,
                visible(caller, Category.AUDIT, AccountBinding.participant_id),
            )
            .order_by(AccountBinding.starts_at.desc(), AccountBinding.id)
        )

    def collect(self, rows: Iterable[Any]) -> dict[UUID, list[AccountBinding]]:
        """By participant."""
        found: dict[UUID, list[AccountBinding]] = {}
        for (row,) in rows:
            found.setdefault(row.participant_id, []).append(row)
        return found


async def binding_by_id(
    session: AnySession, caller: Caller, binding_id: UUID
) -> AccountBinding | None:
    """Return one binding, as far as the caller may see it."""
    row: AccountBinding | None = await session.scalar(
        select(AccountBinding).where(
            AccountBinding.id == binding_id,
            visible(caller, Category.AUDIT, AccountBinding.participant_id),
        )
    )
    return row


async def others_live(session: AnySession, binding: AccountBinding, now: datetime) -> bool:
    """Return whether the same login still speaks for somebody else in the same way."""
    found = await session.scalar(
        select(literal(1)).where(
            AccountBinding.account_id == binding.account_id,
            AccountBinding.kind == binding.kind,
            AccountBinding.id != binding.id,
            _live(now),
        )
    )
    return found is not None


async def grants_of(
    session: WriteSession, account_id: UUID, kind: BindingKind
) -> Sequence[RoleGrant]:
    """Return the roles of an account that came with bindings of a kind, locked."""
    rows = await session.scalars(
        select(RoleGrant)
        .where(
            RoleGrant.account_id == account_id,
            RoleGrant.role == ROLE_OF_KIND[kind].value,
            RoleGrant.revoked_at.is_(None),
        )
        .with_for_update()
    )
    return rows.all()
