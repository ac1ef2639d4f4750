"""Sixty synthetic participants: eight with a handle that says their release's state, 52 numbered.

All are invented: the surname begins with "Example-". `absent` is a handle too, and names nobody.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from infra.dev.demo.identifiers import demo_id, persona_subject

ABSENT = "absent"
NUMBERED = 52


class RoiState(StrEnum):
    """What has become of a participant's release of information (ROI).

    PARTIAL is a live release that leaves the prosecutor out. SUPERSEDED means that the first
    version named the police and the second, which is live, does not.
    """

    NONE = "NONE"
    ACTIVE = "ACTIVE"
    PARTIAL = "PARTIAL"
    EXPIRED = "EXPIRED"
    REVOKED = "REVOKED"
    DEFECTIVE = "DEFECTIVE"
    SUPERSEDED = "SUPERSEDED"


class Stage(StrEnum):
    """How far a participant has come: SCREENING has a referral and no enrollment yet."""

    SCREENING = "SCREENING"
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    EXITED = "EXITED"


@dataclass(frozen=True, slots=True)
class Participant:
    """A person and the bare facts that more than one service needs."""

    id: UUID
    handle: str
    site_id: UUID
    site_key: str
    given_name: str
    family_name: str
    preferred_name: str | None
    born_on: date
    roi_state: RoiState
    stage: Stage
    serving_agency_id: UUID
    serving_agency_key: str


@dataclass(frozen=True, slots=True)
class Referral:
    """How a participant came in. `door` is ARREST_DIVERSION, SOCIAL_CONTACT or COMMUNITY."""

    id: UUID
    participant_id: UUID
    site_id: UUID
    door: str
    author_subject: str
    author_agency_id: UUID
    submitted_on: date
    status: str


@dataclass(frozen=True, slots=True)
class Enrollment:
    """A stay in the programme; `status` is ENROLLED_ACTIVE, ENROLLED_INACTIVE or EXITED."""

    id: UUID
    participant_id: UUID
    site_id: UUID
    agency_id: UUID
    status: str
    enrolled_on: date
    exited_on: date | None
    exit_reason: str | None


@dataclass(frozen=True, slots=True)
class Assignment:
    """A participant on a case manager's caseload, open until it is ended."""

    id: UUID
    participant_id: UUID
    agency_id: UUID
    subject: str
    starts_on: date


@dataclass(frozen=True, slots=True)
class Counsel:
    """A defender who is counsel of record of a participant."""

    id: UUID
    participant_id: UUID
    agency_id: UUID
    subject: str
    starts_on: date


@dataclass(frozen=True, slots=True)
class AccountBinding:
    """An account that speaks for a participant: `kind` is SELF or REPRESENTATIVE."""

    id: UUID
    participant_id: UUID
    subject: str
    kind: str
    starts_on: date


# Handle -> state of the release. The order is the order of the rows in the file.
NAMED: dict[str, RoiState] = {
    "roi_none": RoiState.NONE,
    "roi_active": RoiState.ACTIVE,
    "roi_partial_no_prosecutor": RoiState.PARTIAL,
    "roi_expired": RoiState.EXPIRED,
    "roi_revoked": RoiState.REVOKED,
    "roi_defective": RoiState.DEFECTIVE,
    "roi_superseded": RoiState.SUPERSEDED,
    "other_site": RoiState.ACTIVE,
}
_CYCLE = (
    RoiState.ACTIVE,
    RoiState.NONE,
    RoiState.PARTIAL,
    RoiState.ACTIVE,
    RoiState.EXPIRED,
    RoiState.REVOKED,
    RoiState.DEFECTIVE,
    RoiState.SUPERSEDED,
)
_STAGES = {9: Stage.INACTIVE, 17: Stage.INACTIVE, 26: Stage.EXITED, 34: Stage.EXITED}
_SCREENING = frozenset({13, 21, 45})
_HARBOR_FROM = 46  # p046 to p052 belong to the second site
_GIVEN = ("Ada", "Ben", "Cleo", "Dov", "Esme", "Farid", "Gia", "Hugo", "Ines", "Jonah", "Kaya")
_TREES = ("Alder", "Beech", "Cherry", "Dogwood", "Elm", "Fir", "Ginkgo", "Hazel", "Ironwood",
          "Juniper", "Katsura", "Larch", "Maple")  # fmt: skip
_OUTREACH = {
    "cedar-cm": ("case_manager", "staff_case_manager_two"),
    "cedar-cm-two": ("case_manager_other_agency",),
    "harbor-cm": ("case_manager_other_site",),
}
_LAST_OF_CASE_MANAGER = 11  # p001 to p011 and the named ones: a caseload of 18, below 20
_LAST_OF_CEDAR_CM = 27


def _handles() -> list[tuple[str, int]]:
    numbered = [(f"p{number:03d}", number) for number in range(1, NUMBERED + 1)]
    return [*((handle, 0) for handle in NAMED), *numbered]


def build_participants(on: date) -> tuple[Participant, ...]:
    """Return the sixty participants, as of the day `on`."""
    return tuple(
        _participant(handle, number, index, on) for index, (handle, number) in enumerate(_handles())
    )


def _participant(handle: str, number: int, index: int, on: date) -> Participant:
    if handle == "other_site" or number >= _HARBOR_FROM:
        site_key, agency_key = "harbor-county", "harbor-cm"
    else:
        site_key = "cedar-falls"
        agency_key = "cedar-cm" if number <= _LAST_OF_CEDAR_CM else "cedar-cm-two"
    stage = Stage.SCREENING if number in _SCREENING else _STAGES.get(number, Stage.ACTIVE)
    state = NAMED.get(handle) or _CYCLE[number % len(_CYCLE)]
    return Participant(
        id=demo_id("participant", handle),
        handle=handle,
        site_id=demo_id("site", site_key),
        site_key=site_key,
        given_name=_GIVEN[index % len(_GIVEN)],
        family_name=f"Example-{_TREES[index % len(_TREES)]}",
        preferred_name=_GIVEN[(index + 3) % len(_GIVEN)] if index % 4 == 0 else None,
        born_on=on - timedelta(days=365 * (21 + index % 40) + 7 * index),
        # Nobody signs a release before intake.
        roi_state=RoiState.NONE if stage is Stage.SCREENING else state,
        stage=stage,
        serving_agency_id=demo_id("agency", agency_key),
        serving_agency_key=agency_key,
    )


def enrolled_on(participant: Participant, on: date) -> date:
    """Return the day of a participant's enrollment: between 60 and 400 days before `on`.

    A release that has run out its year takes longer.
    """
    spread = participant.id.int % 250
    least = 420 if participant.roi_state is RoiState.EXPIRED else 90
    return on - timedelta(days=least + spread)


def build_referrals(participants: tuple[Participant, ...], on: date) -> tuple[Referral, ...]:
    """Return one referral for each participant, through all three doors."""
    return tuple(_referral(row, index, on) for index, row in enumerate(participants))


def _referral(participant: Participant, index: int, on: date) -> Referral:
    if participant.site_key == "harbor-county":
        author, agency_key = "officer_other_site", "harbor-police"
        door = "SOCIAL_CONTACT" if index % 2 else "ARREST_DIVERSION"
    elif index % 4 == 3 or participant.handle == "p013":
        author, agency_key, door = "community_partner", "cedar-business", "COMMUNITY"
    else:
        # The officer referred most of the people with a handle, and half of the others.
        mine = participant.handle in NAMED or index % 2 == 0
        author = "officer" if mine else "staff_officer_two"
        agency_key = "cedar-police"
        door = "ARREST_DIVERSION" if index % 3 != 2 else "SOCIAL_CONTACT"
    screening = participant.stage is Stage.SCREENING
    day = on - timedelta(days=3) if screening else enrolled_on(participant, on) - timedelta(days=9)
    return Referral(
        id=demo_id("referral", participant.handle),
        participant_id=participant.id,
        site_id=participant.site_id,
        door=door,
        author_subject=persona_subject(author),
        author_agency_id=demo_id("agency", agency_key),
        submitted_on=day,
        status="SCREENING" if screening else "ENROLLED",
    )


def build_enrollments(participants: tuple[Participant, ...], on: date) -> tuple[Enrollment, ...]:
    """Return the enrollment of everyone who is past screening."""
    statuses = {
        Stage.ACTIVE: "ENROLLED_ACTIVE",
        Stage.INACTIVE: "ENROLLED_INACTIVE",
        Stage.EXITED: "EXITED",
    }
    return tuple(
        Enrollment(
            id=demo_id("enrollment", row.handle),
            participant_id=row.id,
            site_id=row.site_id,
            agency_id=row.serving_agency_id,
            status=statuses[row.stage],
            enrolled_on=enrolled_on(row, on),
            exited_on=on - timedelta(days=20) if row.stage is Stage.EXITED else None,
            exit_reason="GOALS_MET" if row.stage is Stage.EXITED else None,
        )
        for row in participants
        if row.stage is not Stage.SCREENING
    )


def build_assignments(participants: tuple[Participant, ...], on: date) -> tuple[Assignment, ...]:
    """Return the open caseload assignments: everyone enrolled has one case manager.

    `case_manager_unassigned` works for the same agency as `case_manager` and has nobody.
    """
    return tuple(
        Assignment(
            id=demo_id("assignment", row.handle),
            participant_id=row.id,
            agency_id=row.serving_agency_id,
            subject=persona_subject(_case_manager(row)),
            starts_on=enrolled_on(row, on),
        )
        for row in participants
        if row.stage in {Stage.ACTIVE, Stage.INACTIVE}
    )


def _case_manager(participant: Participant) -> str:
    first, *others = _OUTREACH[participant.serving_agency_key]
    if participant.handle in NAMED or not others:
        return first
    return first if int(participant.handle[1:]) <= _LAST_OF_CASE_MANAGER else others[0]


def build_counsel(participants: tuple[Participant, ...], on: date) -> tuple[Counsel, ...]:
    """Return the counsel of record: `defender` represents the named ones of the first site."""
    return tuple(
        Counsel(
            id=demo_id("counsel", row.handle),
            participant_id=row.id,
            agency_id=demo_id("agency", "cedar-defender"),
            subject=persona_subject("defender"),
            starts_on=enrolled_on(row, on),
        )
        for row in participants
        if row.site_key == "cedar-falls" and (row.handle in NAMED or row.handle <= "p006")
    )


def build_account_bindings(on: date) -> tuple[AccountBinding, ...]:
    """Return the accounts that are bound to a record: both to the participant `roi_active`."""
    return tuple(
        AccountBinding(
            id=demo_id("binding", handle),
            participant_id=demo_id("participant", "roi_active"),
            subject=persona_subject(handle),
            kind=kind,
            starts_on=on - timedelta(days=60),
        )
        for handle, kind in (("participant", "SELF"), ("representative", "REPRESENTATIVE"))
    )
