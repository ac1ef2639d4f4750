"""Recording forms. Each is one revision: rows come and go together.

Who may: the participant's case manager (assigned), a supervisor of the own agency, the
participant, a representative; always with the ground that lets them see the releases at all.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from infra.database import WriteSession
from infra.entity_references import parse_id
from infra.identity_token import Caller
from infra.mutation_result import CommandError, not_found
from infra.vocabulary import AgencyType, Role
from svc_consent.agencies.repository.settings import settings_and_now
from svc_consent.agencies.site_settings import SiteSettings
from svc_consent.releases import elements, repository, rules
from svc_consent.releases.force import brought_into_force, in_one_revision, superseded, tell
from svc_consent.releases.rules import Capacity, ReleaseForm, ReleaseStatus
from svc_consent.releases.tables import Release

_STAFF = frozenset({Role.CM, Role.SUP})
_FOR_THEMSELVES = frozenset({Role.PAR, Role.REP})
_CLOCK_TOLERANCE = timedelta(minutes=5)
MAX_PROVISIONS = 100
_BOUND_AUTHORITY = "Representative, as recorded when the login was bound"


@dataclass(frozen=True, slots=True)
class SigningRequest:
    """A form to be recorded.

    Attributes:
        form: as filled in; without a discloser the agency that serves the participant is meant.
        evidence: what else is known of the signing: names, interpreter, witness; kept as it is.
        stands_beside: whether earlier releases stay in force beside this one.
        packet_id: ties forms that were signed together.
        draft_id: draft that this form completes; its provisions are used where the form has none.
    """

    participant_id: str
    form: ReleaseForm
    evidence: Mapping[str, Any]
    stands_beside: bool
    packet_id: UUID | None = None
    draft_id: UUID | None = None
    language: str | None = None
    copy_given_at: datetime | None = None


def check_role(caller: Caller) -> None:
    """Check that a role records releases at all.

    Raises:
        CommandError: it does not.
    """
    if caller.role not in _STAFF | _FOR_THEMSELVES:
        raise CommandError("FORBIDDEN", "Your role does not record releases.")


async def participant_of(session: WriteSession, caller: Caller, participant_id: str) -> UUID:
    """Return the id of a participant whose releases the caller may change, locked.

    Raises:
        CommandError: not this role, or no such participant.
    """
    check_role(caller)
    row_id = parse_id(participant_id)
    if row_id is None or not await repository.may_see(session, caller, row_id):
        raise not_found("input", "participantId")
    await repository.lock_participant(session, row_id)
    return row_id


async def sign_release(
    session: WriteSession, caller: Caller, request: SigningRequest
) -> dict[str, Any]:
    """Record a signed form; in force at once if nothing required is missing, else DEFECTIVE.

    A new version takes the place of the one in force of the same kind and discloser, in the same
    revision, unless it is to stand beside it. A defective form replaces nothing. A form that was
    signed before the person took everything back never comes into force, whenever it arrives.

    Raises:
        CommandError: not this role, too large, no such participant, unknown recipients, a time
            ahead, or something that a form of this kind may not name.
    """
    check_role(caller)
    _check_size(request.form)
    participant_id = await participant_of(session, caller, request.participant_id)
    form, site_id, draft = await _completed(session, caller, participant_id, request)
    settings, now = await settings_and_now(session, site_id)
    await _check_form(session, site_id, form, settings, now)
    missing = elements.missing_elements(form, settings.number("minor_consent_age"))
    order = await repository.revocation_order(session, participant_id, form.kind, form.signed_at)
    status = ReleaseStatus.ACTIVE if order is None else ReleaseStatus.REVOKED
    status = ReleaseStatus.DEFECTIVE if missing else status
    earlier = None
    if status is ReleaseStatus.ACTIVE and not request.stands_beside and form.disclosing_agency_id:
        earlier = await repository.latest_active(
            session, participant_id, form.kind.value, form.disclosing_agency_id
        )
    release = await _stored(
        session, caller, request,
        _Recording(participant_id, site_id, form, status, earlier or draft, now),
    )  # fmt: skip
    release.missing_elements = [each.element for each in missing]
    if status is ReleaseStatus.REVOKED and order is not None:
        release.revoked_at = now
        release.revoked_by = order.recorded_by
        release.revocation_reason = order.reason
        release.revocation_method = order.method
        release.revocation_said_at = order.said_at
    if status is not ReleaseStatus.DEFECTIVE and draft is not None:
        await superseded(session, draft, release.id, now)
    if status is ReleaseStatus.ACTIVE:
        gone = await superseded(session, earlier, release.id, now) if earlier else ([], [])
        await in_one_revision(session, gone, brought_into_force(release, form.terms, now))
    return {"releaseId": str(release.id)}


async def draft_release(
    session: WriteSession, caller: Caller, request: SigningRequest
) -> dict[str, Any]:
    """Record a form that nobody has signed yet, for example one that another system sent.

    It permits nothing and replaces nothing; only ``sign_release`` makes something of it.

    Raises:
        CommandError: as ``sign_release``.
    """
    check_role(caller)
    _check_size(request.form)
    participant_id = await participant_of(session, caller, request.participant_id)
    form, site_id, _ = await _completed(session, caller, participant_id, request)
    settings, now = await settings_and_now(session, site_id)
    await _check_form(session, site_id, form, settings, now)
    release = await _stored(
        session, caller, request,
        _Recording(participant_id, site_id, form, ReleaseStatus.DRAFT, None, now),
    )  # fmt: skip
    return {"releaseId": str(release.id)}


@dataclass(frozen=True, slots=True)
class _Recording:
    participant_id: UUID
    site_id: UUID
    form: ReleaseForm
    status: ReleaseStatus
    predecessor: Release | None
    now: datetime


async def _stored(
    session: WriteSession, caller: Caller, request: SigningRequest, recording: _Recording
) -> Release:
    form, release_id = recording.form, uuid4()
    series_id, number = release_id, 1
    if recording.predecessor is not None:
        series_id = recording.predecessor.series_id
        number = await repository.next_number(session, series_id)
    release = Release(
        id=release_id,
        series_id=series_id,
        number=number,
        participant_id=recording.participant_id,
        disclosing_agency_id=form.disclosing_agency_id,
        site_id=recording.site_id,
        kind=form.kind.value,
        form_version=form.form_version,
        status=recording.status.value,
        signed_at=form.signed_at,
        expires_at=form.expires_at,
        signature=_evidence(request, form, caller),
        missing_elements=[],
        recorded_by=parse_id(caller.subject),
        recorded_at=recording.now,
        packet_id=request.packet_id,
        covers=sorted(form.covers),
        expiry_event=form.expiry_event.value if form.expiry_event else None,
        language=request.language,
        document_sha256=form.document_sha256,
        copy_given_at=request.copy_given_at,
    )
    session.add(release)
    tell(session, release)
    await session.flush()
    session.add_all(repository.provision_row(release_id, terms) for terms in form.terms)
    return release


async def _completed(
    session: WriteSession, caller: Caller, participant_id: UUID, request: SigningRequest
) -> tuple[ReleaseForm, UUID, Release | None]:
    """Return the form with its discloser and terms, its site, and the draft that it completes."""
    form, site_id = request.form, parse_id(caller.site_id)
    if caller.role in _STAFF:
        agency_id = parse_id(caller.agency_id)
    else:
        serving = await repository.serving_agency(session, participant_id)
        agency_id, site_id = serving if serving is not None else (None, site_id)
    if site_id is None:
        raise not_found("input", "participantId")
    if caller.role is Role.REP and form.capacity is Capacity.SELF:
        authority = form.authority or _BOUND_AUTHORITY
        form = replace(form, capacity=Capacity.REPRESENTATIVE, authority=authority)
    draft = None
    if request.draft_id is not None:
        draft = await repository.release_for_update(session, caller, request.draft_id)
        is_draft = draft is not None and draft.status == ReleaseStatus.DRAFT.value
        if draft is None or not is_draft or draft.participant_id != participant_id:
            raise not_found("input", "draftId")
        if not form.terms:
            rows = (await repository.provisions_of(session, [draft.id])).get(draft.id, [])
            terms = tuple(replace(repository.terms_of(row), id=uuid4()) for row in rows)
            form = replace(form, terms=terms)
    return replace(form, disclosing_agency_id=agency_id), site_id, draft


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
    session: WriteSession, site_id: UUID, form: ReleaseForm, settings: SiteSettings, now: datetime
) -> None:
    setting = elements.law().kinds[form.kind].setting
    if setting is not None and not settings.flag(setting):
        raise CommandError(
            "KIND_NOT_TAKEN", "This site does not take forms of this kind.", ("input", "kind")
        )
    forbidden = rules.forbidden_words(form.terms)
    if forbidden:
        raise CommandError(
            "NOT_RELEASABLE",
            f"No release may name {', '.join(forbidden)}.",
            ("input", "provisions"),
        )
    _check_times(form, now)
    types = await _recipients(session, site_id, form)
    beyond = elements.beyond_kind(form.kind, form.terms, types)
    if beyond:
        raise CommandError(
            "NOT_FOR_THIS_KIND",
            f"A form of kind {form.kind.value} does not name {', '.join(beyond)};"
            " use a form of another kind for that.",
            ("input", "provisions"),
        )


def _check_times(form: ReleaseForm, now: datetime) -> None:
    signed = (form.signed_at, form.own_signature_at)
    if any(at is not None and at > now + _CLOCK_TOLERANCE for at in signed):
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


async def _recipients(
    session: WriteSession, site_id: UUID, form: ReleaseForm
) -> dict[UUID, AgencyType]:
    recipients = {terms.recipient_agency_id for terms in form.terms}
    known = await repository.agencies_of_site(session, site_id, sorted(recipients))
    if recipients - known.keys():
        raise CommandError(
            "UNKNOWN_RECIPIENT",
            "Each recipient must be an agency of the site.",
            ("input", "provisions"),
        )
    return known


def _evidence(request: SigningRequest, form: ReleaseForm, caller: Caller) -> dict[str, Any] | None:
    if form.signature_method is None:
        return None
    given = {
        "method": form.signature_method.value,
        "capacity": form.capacity.value,
        "authority": form.authority,
        "ageAtSigning": form.age_at_signing,
        "ownSignatureAt": form.own_signature_at.isoformat() if form.own_signature_at else None,
        "authenticatedBy": form.authenticated_by,
        **request.evidence,
    }
    kept = {name: value for name, value in given.items() if value is not None}
    return {**kept, "recordedByRole": caller.role.value}
