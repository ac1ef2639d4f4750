"""Issuing a code, using it, and ending a binding: at once, with the role that came with it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import uuid4

from infra.authority.changes import Operation, delete_visibility, put_visibility
from infra.authority.facts import subject_holder
from infra.database import Database, WriteSession
from infra.entity_references import parse_id
from infra.errors import GoldenThreadError
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from infra.vocabulary import Category, Role
from svc_consent.agencies.repository.directory import database_now
from svc_consent.agencies.repository.settings import settings_of_site
from svc_consent.agencies.rules import checked_reason
from svc_consent.agencies.tables import AccountBinding
from svc_consent.authority.repository import record_change
from svc_consent.authority.rules import Touched, keys_of, subject_key
from svc_consent.bindings import repository, rules
from svc_consent.bindings.rules import BindingKind
from svc_consent.bindings.tables import BindingCode

_STAFF = frozenset({Role.CM, Role.SUP})
_MAY_END = _STAFF | {Role.PAR, Role.REP}


class CodeRefusedError(GoldenThreadError):
    """The code does not bind this login. Never says why: wrong, used, too late, too often."""

    code = "CODE_NOT_ACCEPTED"


@dataclass(frozen=True, slots=True)
class Wanted:
    """For whom a code is wanted, and as what."""

    participant_id: str
    kind: BindingKind
    authority: str | None
    is_parent: bool


async def issue_code(
    session: WriteSession, caller: Caller, wanted: Wanted, code: str
) -> dict[str, Any]:
    """Record a one-time code; the caller shows it once and hands it over in person.

    Args:
        session: the transaction.
        caller: the case manager.
        wanted: for whom, and as what.
        code: made by ``rules.new_code``; only its hash is kept.

    Raises:
        CommandError: not the case manager's side, no such participant, or bound already.
        RuleError: a representative without authority.
    """
    if caller.role not in _STAFF:
        raise CommandError("FORBIDDEN", "The case manager hands codes over.")
    row_id, site_id = parse_id(wanted.participant_id), parse_id(caller.site_id)
    if row_id is None or site_id is None:
        raise not_found("input", "participantId")
    if not await repository.may_see(session, caller, row_id):
        raise not_found("input", "participantId")
    authority = rules.checked_authority(wanted.kind, wanted.authority)
    now = await database_now(session)
    if wanted.kind is BindingKind.SELF and await repository.is_bound(session, row_id, now):
        raise CommandError(
            "BOUND", "A login speaks for them already; end that first.", ("input", "participantId")
        )
    settings = await settings_of_site(session, site_id)
    row = BindingCode(
        id=uuid4(), code_hash=rules.hash_of(code), participant_id=row_id, site_id=site_id,
        kind=wanted.kind.value, authority=authority, is_parent=wanted.is_parent,
        issued_by=parse_id(caller.subject), issued_at=now,
        expires_at=now + settings.minutes("binding_code_minutes"),
    )  # fmt: skip
    session.add(row)
    await session.flush()
    return {"codeId": str(row.id), "expiresAt": row.expires_at.isoformat()}


async def use_code(database: Database, issuer: str, external_subject: str, code: str) -> None:
    """Bind a login to the participant of a code.

    Raises:
        CodeRefusedError: the code does not bind this login; the attempt is counted.
    """
    login = f"{issuer}\n{external_subject}"
    async with database.write() as session:
        now = await database_now(session)
        if await repository.failures(session, login, now) < rules.MAX_FAILURES:
            row = await repository.usable_code(session, rules.hash_of(code), now)
            if row is not None and await _bound(session, row, (issuer, external_subject), now):
                return
    async with database.write() as session:
        await repository.count_failure(session, login)
    raise CodeRefusedError("the code was not accepted")


async def _bound(
    session: WriteSession, code: BindingCode, login: tuple[str, str], now: datetime
) -> bool:
    kind = BindingKind(code.kind)
    if kind is BindingKind.SELF and await repository.is_bound(session, code.participant_id, now):
        return False
    account = await repository.account_for(session, *login, now)
    if account is None:
        return False
    code.used_at, code.used_by = now, account.id
    grant = await repository.own_grant(session, account.id, code.site_id, kind, now)
    binding = AccountBinding(
        id=uuid4(), account_id=account.id, participant_id=code.participant_id, kind=kind.value,
        starts_at=now, ends_at=None, authority=code.authority, is_parent=code.is_parent,
        grant_id=grant.id,
    )  # fmt: skip
    session.add(binding)
    settings = await settings_of_site(session, code.site_id)
    withheld = settings.words("withheld_from_parents") if code.is_parent else ()
    facts = rules.facts_of(
        binding.id, binding.participant_id, account.id, kind, now, [Category(c) for c in withheld]
    )
    touched = [Touched(str(fact.participant_id), fact.holder) for fact in facts]
    await session.flush()
    await record_change(
        session,
        {*keys_of(touched, {}), subject_key(account.id)},
        [put_visibility(fact) for fact in facts],
    )
    return True


async def end_binding(
    session: WriteSession, caller: Caller, binding_id: str, expected_version: int, reason: str
) -> dict[str, Any]:
    """End a binding at once; the role goes too where it was the login's last of its kind.

    Raises:
        CommandError: not this role, no such binding, changed meanwhile, or ended before.
        RuleError: no reason.
    """
    checked_reason(reason)
    if caller.role not in _MAY_END:
        raise CommandError("FORBIDDEN", "Your role ends no bindings.")
    row_id, binding = parse_id(binding_id), None
    if row_id is not None:
        binding = await repository.binding_for_update(session, caller, row_id)
    if binding is None:
        raise not_found("input", "bindingId")
    if caller.role is Role.REP and str(binding.account_id) != caller.subject:
        raise CommandError("FORBIDDEN", "A representative ends the own binding only.")
    if binding.version != expected_version:
        raise version_conflict("input", "expectedVersion")
    now = await database_now(session)
    if binding.ends_at is not None and binding.ends_at <= now:
        raise CommandError("ENDED", "It was ended before.", ("input", "bindingId"))
    binding.ends_at, binding.ended_by = now, parse_id(caller.subject)
    binding.version += 1
    kind = BindingKind(binding.kind)
    if not await repository.others_live(session, binding, now):
        for grant in await repository.grants_of(session, binding.account_id, kind):
            grant.revoked_at, grant.revoked_by = now, parse_id(caller.subject)
            grant.revocation_reason = "The binding was ended"
            grant.version += 1
    operations: list[Operation] = [delete_visibility(binding.id)]
    if binding.is_parent:
        operations += [delete_visibility(rules.denial_id(binding.id, each)) for each in Category]
    await session.flush()
    touched = Touched(str(binding.participant_id), subject_holder(str(binding.account_id)))
    keys = {*keys_of([touched], {}), subject_key(binding.account_id)}
    await record_change(session, keys, operations)
    return {"bindingId": str(binding.id)}
