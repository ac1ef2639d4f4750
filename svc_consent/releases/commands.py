"""Signing and revoking releases. Each is one revision: rows come and go together.

Who may: the participant's case manager (assigned), a supervisor of the own agency, the
participant, a representative; always with the ground that lets them see the releases at all.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from infra.authority.changes import Operation, delete_visibility, put_visibility
from infra.authority.facts import agency_holder
from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found, version_conflict
from infra.vocabulary import Role
from svc_consent.agencies.repository.directory import agencies_by_id, database_now
from svc_consent.agencies.rules import checked_reason
from svc_consent.authority.repository import record_change
from svc_consent.authority.rules import Touched, keys_of
from svc_consent.releases import repository, rules
from svc_consent.releases.rules import ReleaseForm, ReleaseStatus, Terms
from svc_consent.releases.tables import Release

_STAFF = frozenset({Role.CM, Role.SUP})
_FOR_THEMSELVES = frozenset({Role.PAR, Role.REP})
_CLOCK_TOLERANCE = timedelta(minutes=5)
MAX_PROVISIONS = 100


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """A form to be recorded.

    Attributes:
        form: as filled in; without a discloser the agency that serves the participant is meant.
        signer_name: who signed, where it is a representative.
        stands_beside: whether earlier releases stay in force beside this one.
    """

    participant_id: str
    form: ReleaseForm
    signer_name: str | None
    stands_beside: bool


def _check_role(caller: Caller) -> None:
    if caller.role not in _STAFF | _FOR_THEMSELVES:
        raise CommandError("FORBIDDEN", "Your role does not record releases.")


async def sign_release(
    session: WriteSession, caller: Caller, request: SigningRequest
) -> dict[str, Any]:
    """Record a signed form; in force at once if nothing required is missing, else DEFECTIVE.

    A new version takes the place of the one in force of the same kind and discloser, in the same
    revision, unless it is to stand beside it. A defective form replaces nothing.

    Raises:
        CommandError: not this role, too large, no such participant, unknown recipients, a time
            ahead.
    """
    _check_role(caller)
    _check_size(request.form)
    participant_id = parse_id(request.participant_id)
    if participant_id is None or not await repository.may_see(session, caller, participant_id):
        raise not_found("input", "participantId")
    await repository.lock_participant(session, participant_id)
    form, site_id = await _disclosed(session, caller, participant_id, request.form)
    now = await database_now(session)
    await _check_form(session, site_id, form, now)
    missing = rules.missing_elements(form)
    earlier = None
    if not missing and not request.stands_beside and form.disclosing_agency_id is not None:
        earlier = await repository.latest_active(
            session, participant_id, form.kind.value, form.disclosing_agency_id
        )
    release_id = uuid4()
    series_id = earlier.series_id if earlier else release_id
    release = Release(
        id=release_id,
        series_id=series_id,
        number=await repository.next_number(session, series_id),
        participant_id=participant_id,
        disclosing_agency_id=form.disclosing_agency_id,
        site_id=site_id,
        kind=form.kind.value,
        form_version=form.form_version,
        status=(ReleaseStatus.DEFECTIVE if missing else ReleaseStatus.ACTIVE).value,
        signed_at=form.signed_at,
        expires_at=form.expires_at,
        signature=_evidence(request, caller),
        missing_elements=list(missing),
        recorded_by=parse_id(caller.subject),
        recorded_at=now,
    )
    session.add(release)
    await session.flush()
    session.add_all(repository.provision_row(release_id, terms) for terms in form.terms)
    if not missing:
        await _put_in_force(session, release, form.terms, earlier, now)
    return {"releaseId": str(release_id)}


async def revoke_release(
    session: WriteSession, caller: Caller, release_id: str, expected_version: int, reason: str
) -> dict[str, Any]:
    """Take a version back; from the commit on nothing rests on it.

    Raises:
        CommandError: not this role, no such release, changed meanwhile, or not in force.
        RuleError: no reason.
    """
    _check_role(caller)
    text = checked_reason(reason)
    row_id = parse_id(release_id)
    release = None
    if row_id is not None:
        release = await repository.release_for_update(session, caller, row_id)
    if release is None:
        raise not_found("input", "releaseId")
    if release.version != expected_version:
        raise version_conflict("input", "expectedVersion")
    if release.status != ReleaseStatus.ACTIVE.value:
        raise CommandError(
            "NOT_IN_FORCE", "Only a release in force can be revoked.", ("input", "releaseId")
        )
    release.status = ReleaseStatus.REVOKED.value
    release.revoked_at = await database_now(session)
    release.revoked_by = parse_id(caller.subject)
    release.revocation_reason = text
    release.version += 1
    operations, touched = await _taken_back(session, release)
    await record_change(session, keys_of(touched, {}), operations)
    return {"releaseId": str(release.id)}


async def _disclosed(
    session: WriteSession, caller: Caller, participant_id: UUID, form: ReleaseForm
) -> tuple[ReleaseForm, UUID]:
    """Return the form with its discloser, and the site: the caller's own agency, or the serving."""
    site_id = parse_id(caller.site_id)
    if caller.role in _STAFF:
        agency_id = parse_id(caller.agency_id)
    else:
        serving = await repository.serving_agency(session, participant_id)
        agency_id, site_id = serving if serving is not None else (None, site_id)
    if site_id is None:
        raise not_found("input", "participantId")
    return replace(form, disclosing_agency_id=agency_id), site_id


def _check_size(form: ReleaseForm) -> None:
    """Refuse what no replica could take in time, before anything is read or written."""
    if len(form.terms) > MAX_PROVISIONS:
        raise CommandError(
            "TOO_MANY_PROVISIONS", f"At most {MAX_PROVISIONS}.", ("input", "provisions")
        )
    rows = rules.row_count(form.terms)
    if rows > rules.MAX_ROWS:
        raise CommandError(
            "RELEASE_TOO_LARGE",
            f"Recipients times categories times purposes make {rows} single permissions;"
            f" one release has at most {rules.MAX_ROWS}.",
            ("input", "provisions"),
        )


async def _check_form(
    session: WriteSession, site_id: UUID, form: ReleaseForm, now: datetime
) -> None:
    forbidden = rules.forbidden_words(form.terms)
    if forbidden:
        raise CommandError(
            "NOT_RELEASABLE",
            f"No release may name {', '.join(forbidden)}.",
            ("input", "provisions"),
        )
    if form.signed_at is not None and form.signed_at > now + _CLOCK_TOLERANCE:
        raise CommandError(
            "SIGNED_AHEAD", "A signature cannot lie ahead.", ("input", "signature", "signedAt")
        )
    ends = [at for at in (form.expires_at, *(t.expires_at for t in form.terms)) if at is not None]
    if any(at <= now for at in ends):
        raise CommandError("EXPIRED", "The end lies in the past.", ("input", "expiresAt"))
    if any(t.data_from and t.data_to and t.data_from > t.data_to for t in form.terms):
        raise CommandError(
            "PERIOD_INVALID", "A data period must end after it begins.", ("input", "provisions")
        )
    recipients = {terms.recipient_agency_id for terms in form.terms}
    known = await repository.agencies_of_site(session, site_id, sorted(recipients))
    if recipients - known or len(await agencies_by_id(session, sorted(known))) < len(recipients):
        raise CommandError(
            "UNKNOWN_RECIPIENT",
            "Each recipient must be an agency of the site.",
            ("input", "provisions"),
        )


def _evidence(request: SigningRequest, caller: Caller) -> dict[str, Any] | None:
    method = request.form.signature_method
    if method is None:
        return None
    return {
        "method": method.value,
        "signerName": request.signer_name,
        "recordedByRole": caller.role.value,
    }


async def _put_in_force(
    session: WriteSession,
    release: Release,
    terms: tuple[Terms, ...],
    earlier: Release | None,
    now: datetime,
) -> None:
    operations: list[Operation] = []
    touched: list[Touched] = []
    if earlier is not None:
        earlier.status = ReleaseStatus.SUPERSEDED.value
        earlier.superseded_by = release.id
        earlier.superseded_at = now
        earlier.version += 1
        operations, touched = await _taken_back(session, earlier)
    signed_at = min(release.signed_at or now, now)
    facts = rules.grounds(
        release.id, release.participant_id, signed_at, release.expires_at, terms, release.site_id
    )
    operations += [put_visibility(fact) for fact in facts]
    touched += [Touched(str(fact.participant_id), fact.holder) for fact in facts]
    await record_change(session, keys_of(touched, {}), operations)


async def _taken_back(
    session: WriteSession, release: Release
) -> tuple[list[Operation], list[Touched]]:
    rows = (await repository.provisions_of(session, [release.id])).get(release.id, [])
    participant = str(release.participant_id)
    operations = [
        delete_visibility(row_id)
        for row_id in rules.row_ids(repository.terms_of(row) for row in rows)
    ]
    holders = {agency_holder(str(row.recipient_agency_id)) for row in rows}
    return operations, [Touched(participant, holder) for holder in sorted(holders)]
