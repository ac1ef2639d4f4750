"""Taking releases back: one, a part of one, everything; and asking that less be told.

Nothing rests on what was taken back from the commit on; what was disclosed before stays in the
accounting. Whoever may record a release may record that it was taken back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from infra.authority.changes import delete_visibility
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from infra.vocabulary import Category, Purpose, Role
from svc_consent.agencies.repository.directory import database_now
from svc_consent.agencies.repository.settings import settings_of_site
from svc_consent.agencies.rules import checked_reason
from svc_consent.releases import commands, repository, rules
from svc_consent.releases.force import (
    Effect,
    brought_into_force,
    in_one_revision,
    restricted,
    superseded,
    taken_out_of_force,
    tell,
)
from svc_consent.releases.narrowing import Removal, cells, without
from svc_consent.releases.rules import ReleaseKind, ReleaseStatus, RevocationMethod
from svc_consent.releases.tables import Release, Restriction, RevocationOrder

_CLOCK_TOLERANCE = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Saying:
    """How and when somebody said that they take something back.

    Attributes:
        said_at: when, if it was recorded later; None for now.
    """

    reason: str
    method: RevocationMethod = RevocationMethod.WRITTEN
    said_at: datetime | None = None


async def revoke_release(
    session: WriteSession, caller: Caller, release_id: str, expected_version: int, saying: Saying
) -> dict[str, Any]:
    """Take a version back; from the commit on nothing rests on it.

    Where the site asks for writing, what was only said is recorded and changes nothing yet.

    Raises:
        CommandError: not this role, no such release, or changed meanwhile.
        RuleError: no reason, or not in force.
    """
    release = await _release(session, caller, release_id, expected_version)
    reason, now = checked_reason(saying.reason), await database_now(session)
    rules.check_step(ReleaseStatus(release.status), ReleaseStatus.REVOKED)
    said_at = _said_at(saying, now)
    if not await _counts_at_once(session, release, saying):
        release.revocation_method = saying.method.value
        release.revocation_said_at = said_at
        release.version += 1
        tell(session, release)
        await session.flush()
        return {"releaseId": str(release.id)}
    gone = await _revoked(
        session, caller, release, _Revocation(reason, saying.method, said_at, now)
    )
    await in_one_revision(session, gone)
    return {"releaseId": str(release.id)}


async def revoke_everything(
    session: WriteSession,
    caller: Caller,
    participant_id: str,
    kind: ReleaseKind | None,
    saying: Saying,
) -> dict[str, Any]:
    """Take back all that was signed up to an instant, in one revision.

    What was captured elsewhere before that instant and arrives later does not come into force.

    Raises:
        CommandError: not this role, no such participant, or said ahead of now.
        RuleError: no reason.
    """
    reason = checked_reason(saying.reason)
    row_id = await commands.participant_of(session, caller, participant_id)
    now = await database_now(session)
    said_at = _said_at(saying, now)
    session.add(
        RevocationOrder(
            id=uuid4(), participant_id=row_id, kind=kind.value if kind else None, said_at=said_at,
            method=saying.method.value, reason=reason, recorded_by=parse_id(caller.subject),
            recorded_at=now,
        )
    )  # fmt: skip
    revocation = _Revocation(reason, saying.method, said_at, now)
    standing = await repository.active_releases(session, row_id, kind, said_at)
    gone = [await _revoked(session, caller, each, revocation) for each in standing]
    await in_one_revision(session, *gone)
    return {"participantId": str(row_id), "releaseIds": [str(each.id) for each in standing]}


async def revoke_in_part(
    session: WriteSession,
    caller: Caller,
    release_id: str,
    expected_version: int,
    change: tuple[Removal, Saying],
) -> dict[str, Any]:
    """Take recipients, categories or purposes out of a version: what remains is a new version.

    It rests on the first signature, since it permits a part of what was signed.

    Raises:
        CommandError: not this role, no such release, changed meanwhile, or nothing would remain.
        RuleError: no reason, or not in force.
    """
    removal, saying = change
    release = await _release(session, caller, release_id, expected_version)
    reason, now = checked_reason(saying.reason), await database_now(session)
    rules.check_step(ReleaseStatus(release.status), ReleaseStatus.SUPERSEDED)
    _check_expired(release, now)
    rows = (await repository.provisions_of(session, [release.id])).get(release.id, [])
    before = [repository.terms_of(row) for row in rows]
    after = without(before, removal)
    remaining = [each for each in after if not each.is_denial]
    if removal.is_empty or not remaining or cells(before) == cells(after):
        raise CommandError(
            "NOTHING_TAKEN" if remaining and not removal.is_empty else "REVOKE_WHOLE",
            "Name what is to go and leave something; to take back everything, revoke the release.",
            ("input",),
        )
    narrowed = _copy(release, caller, now, await repository.next_number(session, release.series_id))
    narrowed.signature = {
        **(release.signature or {}),
        "narrowedBecause": reason,
        "narrowedBy": saying.method.value,
        "narrowedSaidAt": _said_at(saying, now).isoformat(),
    }
    session.add(narrowed)
    tell(session, narrowed)
    await session.flush()
    session.add_all(repository.provision_row(narrowed.id, terms) for terms in after)
    gone = await superseded(session, release, narrowed.id, now)
    await in_one_revision(session, gone, brought_into_force(narrowed, after, now))
    return {"releaseId": str(narrowed.id)}


async def record_expiry_event(
    session: WriteSession, caller: Caller, release_id: str, expected_version: int
) -> dict[str, Any]:
    """Record that the event at which a release ends has come about: it has expired.

    Raises:
        CommandError: not this role, no such release, changed meanwhile, or it names no event.
    """
    release = await _release(session, caller, release_id, expected_version)
    now = await database_now(session)
    _check_expired(release, now)
    if release.expiry_event is None or release.status != ReleaseStatus.ACTIVE.value:
        raise CommandError("NO_EVENT", "This release ends at no event.", ("input", "releaseId"))
    release.expires_at = now
    release.version += 1
    tell(session, release)
    await in_one_revision(session, await taken_out_of_force(session, release))
    return {"releaseId": str(release.id)}


async def enter_in_error(
    session: WriteSession, caller: Caller, release_id: str, expected_version: int, reason: str
) -> dict[str, Any]:
    """Mark a version as recorded by mistake; nothing rests on it any more.

    Raises:
        CommandError: not this role, no such release, or changed meanwhile.
        RuleError: no reason, or the version is not one that can be.
    """
    release = await _release(session, caller, release_id, expected_version)
    text, was = checked_reason(reason), ReleaseStatus(release.status)
    rules.check_step(was, ReleaseStatus.ENTERED_IN_ERROR)
    release.status = ReleaseStatus.ENTERED_IN_ERROR.value
    release.revocation_reason = text
    release.revoked_by = parse_id(caller.subject)
    release.version += 1
    tell(session, release)
    await session.flush()
    if was is ReleaseStatus.ACTIVE:
        await in_one_revision(session, await taken_out_of_force(session, release))
    return {"releaseId": str(release.id)}


@dataclass(frozen=True, slots=True)
class RestrictionRequest:
    """Whom to tell less, and what; without category or purpose, all of them."""

    agency_id: str
    category: Category | None
    purpose: Purpose | None
    reason: str


async def restrict(
    session: WriteSession, caller: Caller, participant_id: str, wanted: RestrictionRequest
) -> dict[str, Any]:
    """Put a participant's request that an agency be told less in force, at once (42 CFR 2.26).

    Raises:
        CommandError: not this role, no such participant or agency, or the agency that serves the
            participant, which cannot help without the record.
        RuleError: no reason.
    """
    reason = checked_reason(wanted.reason)
    row_id = await commands.participant_of(session, caller, participant_id)
    agency_id, site_id = parse_id(wanted.agency_id), parse_id(caller.site_id)
    serving = await repository.serving_agency(session, row_id)
    if serving is not None:
        site_id = serving[1]
    if agency_id is None or site_id is None:
        raise not_found("input", "agencyId")
    if not await repository.agencies_of_site(session, site_id, [agency_id]):
        raise not_found("input", "agencyId")
    own = parse_id(caller.agency_id) if caller.role in (Role.CM, Role.SUP) else None
    if agency_id in {own, serving[0] if serving else None}:
        raise CommandError(
            "OWN_AGENCY", "The agency that serves you needs the record.", ("input", "agencyId")
        )
    restriction = Restriction(
        id=uuid4(), participant_id=row_id, agency_id=agency_id,
        category=wanted.category.value if wanted.category else None,
        purpose=wanted.purpose.value if wanted.purpose else None, reason=reason,
        recorded_by=parse_id(caller.subject), recorded_at=await database_now(session),
    )  # fmt: skip
    session.add(restriction)
    await in_one_revision(session, restricted(restriction))
    return {"restrictionId": str(restriction.id)}


async def lift_restriction(
    session: WriteSession, caller: Caller, restriction_id: str, expected_version: int
) -> dict[str, Any]:
    """End a restriction; releases decide again.

    Raises:
        CommandError: not this role, no such restriction, changed meanwhile, or lifted already.
    """
    commands.check_role(caller)
    row_id = parse_id(restriction_id)
    row = None
    if row_id is not None:
        row = await repository.restriction_for_update(session, caller, row_id)
    if row is None:
        raise not_found("input", "restrictionId")
    if row.version != expected_version:
        raise version_conflict("input", "expectedVersion")
    if row.lifted_at is not None:
        raise CommandError("LIFTED", "It was lifted before.", ("input", "restrictionId"))
    row.lifted_at = await database_now(session)
    row.lifted_by = parse_id(caller.subject)
    row.version += 1
    _, touched = restricted(row)
    await in_one_revision(session, ([delete_visibility(row.id)], touched))
    return {"restrictionId": str(row.id)}


@dataclass(frozen=True, slots=True)
class _Revocation:
    reason: str
    method: RevocationMethod
    said_at: datetime
    now: datetime


async def _release(
    session: WriteSession, caller: Caller, release_id: str, expected_version: int
) -> Release:
    commands.check_role(caller)
    row_id, release = parse_id(release_id), None
    if row_id is not None:
        release = await repository.release_for_update(session, caller, row_id)
    if release is None:
        raise not_found("input", "releaseId")
    if release.version != expected_version:
        raise version_conflict("input", "expectedVersion")
    return release


async def _counts_at_once(session: WriteSession, release: Release, saying: Saying) -> bool:
    """Return whether it is taken back as it was said, or only noted until it is in writing."""
    if saying.method is not RevocationMethod.ORAL:
        return True
    settings = await settings_of_site(session, release.site_id)
    return settings.flag("oral_revocation_counts")


def _check_expired(release: Release, now: datetime) -> None:
    if release.expires_at is not None and release.expires_at <= now:
        raise CommandError("EXPIRED", "Its time is over.", ("input", "releaseId"))


def _said_at(saying: Saying, now: datetime) -> datetime:
    if saying.said_at is not None and saying.said_at > now + _CLOCK_TOLERANCE:
        raise CommandError("SAID_AHEAD", "It cannot have been said later.", ("input", "saidAt"))
    return min(saying.said_at or now, now)


async def _revoked(
    session: WriteSession, caller: Caller, release: Release, revocation: _Revocation
) -> Effect:
    rules.check_step(ReleaseStatus(release.status), ReleaseStatus.REVOKED)
    release.status = ReleaseStatus.REVOKED.value
    release.revoked_at = revocation.now
    release.revoked_by = parse_id(caller.subject)
    release.revocation_reason = revocation.reason
    release.revocation_method = revocation.method.value
    release.revocation_said_at = revocation.said_at
    release.version += 1
    tell(session, release)
    await session.flush()
    return await taken_out_of_force(session, release)


def _copy(release: Release, caller: Caller, now: datetime, number: int) -> Release:
    return Release(
        id=uuid4(), series_id=release.series_id, number=number,
        participant_id=release.participant_id,
        disclosing_agency_id=release.disclosing_agency_id, site_id=release.site_id,
        kind=release.kind, form_version=release.form_version,
        status=ReleaseStatus.ACTIVE.value, signed_at=release.signed_at,
        expires_at=release.expires_at, missing_elements=[],
        recorded_by=parse_id(caller.subject), recorded_at=now, packet_id=release.packet_id,
        covers=list(release.covers), expiry_event=release.expiry_event,
        language=release.language, document_sha256=release.document_sha256,
        narrowed_from=release.id,
    )  # fmt: skip
