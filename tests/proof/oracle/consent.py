"""The decision rules over one world: who asks, what they hold about whom, what covers a record.

A world is nothing but tables: name -> rows, each a dictionary.
"""

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from tests.proof.oracle.matrix import (
    ABOUT_STAFF,
    ALWAYS_DENIED,
    FREE,
    KNOWN_PURPOSES,
    STAFF_DATA,
    cell_of,
    purposes_of,
)

Row = dict[str, Any]

# Screening ends with these; until then the project office knows who the person is (rule D10).
_SCREENING_IS_OVER = {"ENROLLED", "DECLINED_INELIGIBLE", "DUPLICATE", "WITHDRAWN", "EXPIRED"}
_AWAITS_APPROVAL = {"SUBMITTED", "SCREENING", "WAITLISTED"}
_ON_SCREEN = {"ADMITTED", "DISCUSSED", "ACTIONS_SET", "DEFERRED"}
_SCREENS_STAY = timedelta(days=14)


@dataclass(frozen=True)
class Ground:
    """Why something may be seen. ``agency`` limits it to records that this agency keeps."""

    kind: str
    agency: str | None = None
    data_from: date | None = None
    data_to: date | None = None
    referral: str | None = None

    def covers_day(self, day: date | None) -> bool:
        """Return whether a record of that day is inside the data period (rule D49)."""
        if self.data_from is None and self.data_to is None:
            return True
        if day is None:
            return False
        return (self.data_from is None or self.data_from <= day) and (
            self.data_to is None or day <= self.data_to
        )


@dataclass(frozen=True)
class World:
    """All tables, and the instant at which they are read."""

    tables: dict[str, list[Row]]
    now: datetime
    _found: dict[tuple[str, str], dict[Any, list[Row]]] = field(default_factory=dict)

    def rows(self, table: str, **wanted: Any) -> list[Row]:
        """Return the rows whose columns have these values."""
        column, first = next(iter(wanted.items())) if wanted else ("id", None)
        by_value = self._found.setdefault((table, column), {})
        if wanted and not by_value:  # a catalogue by one column; a million pairs take days without
            for row in self.tables[table]:
                by_value.setdefault(row[column], []).append(row)
        return [
            row
            for row in (by_value.get(first, []) if wanted else self.tables[table])
            if all(row[name] == value for name, value in wanted.items())
        ]

    def is_within(self, starts: datetime | None, ends: datetime | None) -> bool:
        """Return whether a period holds now; its end does not belong to it."""
        return (starts is None or starts <= self.now) and (ends is None or self.now < ends)


@dataclass(frozen=True)
class Asker:
    """One person under one grant for one purpose; ``purpose`` None: none, or one always denied."""

    account: str
    grant: Row
    purpose: str | None

    @property
    def role(self) -> str:
        """The role that is acted under."""
        return str(self.grant["role"])

    def cell(self, category: str) -> str:
        """Return the letter of the matrix for a category."""
        return cell_of(
            self.role,
            category,
            is_liaison=bool(self.grant["is_liaison"]),
            service_field=self.grant["service_field"],
        )


def live_grants(world: World, account: str) -> list[Row]:
    """Return the grants that count now: their own period, and a live agreement (D02, D03)."""
    found = []
    for grant in world.rows("role_grant", account_id=account):
        if grant["revoked_at"] is not None:
            continue
        if not world.is_within(grant["starts_at"], grant["ends_at"]):
            continue
        if grant["agency_id"] is not None and not has_live_agreement(world, grant):
            continue
        found.append(grant)
    return found


def has_live_agreement(world: World, grant: Row) -> bool:
    """Return whether the agency of a grant has an agreement at its site that runs now (D02)."""
    for membership in world.rows(
        "membership", agency_id=grant["agency_id"], site_id=grant["site_id"]
    ):
        if membership["status"] != "MOU_SIGNED":
            continue
        for mou in world.rows("mou", membership_id=membership["id"]):
            if world.is_within(mou["starts_at"], mou["ends_at"]):
                return True
    return False


def stand(world: World, subject: str, purpose: str | None) -> Asker | int:
    """Return who asks, or the status with which they are refused."""
    if purpose is not None and purpose not in KNOWN_PURPOSES:
        return 403
    accounts = world.rows("account", external_subject=subject)
    if not accounts or accounts[0]["is_blocked"]:
        return 403
    grants = live_grants(world, accounts[0]["id"])
    if not grants:
        return 403
    if len(grants) > 1:
        return 400
    grant = grants[0]
    if purpose in ALWAYS_DENIED:
        purpose = None
    elif purpose is not None and purpose not in ABOUT_STAFF | purposes_of(
        str(grant["role"]), grant["service_field"]
    ):
        return 403
    return Asker(str(accounts[0]["id"]), grant, None if purpose in ABOUT_STAFF else purpose)


def may_ever_see(asker: Asker, category: str, form: str) -> bool:
    """Return whether the role can see this at all, whatever any release says."""
    if category in FREE:
        return True
    cell = asker.cell(category)
    if cell in "NAD":
        return False
    if cell == "S" and form != "S":
        return False
    if cell == "P":
        return form == "P"
    if category in STAFF_DATA:
        return True
    if asker.purpose is None:
        return False  # D01, and GR-2 for purposes that are always denied
    return _has_any_ground(asker, category, cell)


def _has_any_ground(asker: Asker, category: str, cell: str) -> bool:
    """Return whether a ground exists at all that could ever open this cell."""
    if category == "AUDIT" and asker.role in ("AGA", "PLA"):
        return False  # metadata only, never about a participant
    return cell != "N"


def _releases_in_force(world: World, participant: str) -> list[Row]:
    return [
        release
        for release in world.rows("release", participant_id=participant)
        if not release["missing_elements"]
        and release["signed_at"] is not None
        and release["revoked_at"] is None
        and release["superseded_at"] is None
        and world.is_within(release["signed_at"], release["expires_at"])
    ]


def provisions(world: World, asker: Asker, participant: str, category: str) -> list[Row]:
    """Return what releases in force say to this recipient of this category and purpose."""
    found = []
    for release in _releases_in_force(world, participant):
        if str(release["site_id"]) != str(asker.grant["site_id"]):
            continue  # given under another site's agreement
        found += [
            provision
            for provision in world.rows("release_provision", release_id=release["id"])
            if provision["recipient_agency_id"] == asker.grant["agency_id"]
            and category in provision["categories"]
            and asker.purpose in provision["purposes"]
            and world.is_within(None, provision["expires_at"])
        ]
    return found


def grounds(world: World, asker: Asker, participant: str, category: str) -> list[Ground]:
    """Return why this category of this participant may be seen now; none means not at all."""
    if asker.purpose is None or category in STAFF_DATA:
        return []
    cell = asker.cell(category)
    if cell in "NAD":
        return []
    if cell == "P" or (category == "LEGAL_PUBLIC" and cell == "W"):
        return [Ground("public")]
    if asker.role in ("PAR", "REP"):
        return _bound(world, asker, participant)
    said = provisions(world, asker, participant, category)
    if any(provision["effect"] == "deny" for provision in said):
        return []  # what a release closes wins over everything else
    released = [
        Ground("release", data_from=each["data_from"], data_to=each["data_to"]) for each in said
    ]
    if category == "OWG" and asker.role != "PM" and not _is_told(world, asker, participant):
        released = []  # a release lets nobody into the room who has not pledged
    if asker.role == "DEF":
        return released if is_counsel(world, asker, participant) else []  # D27
    if asker.role in ("MED", "PRV"):
        return []  # without break-glass (D20), or a review opened with a reason, nothing
    if cell in "CES":
        return released
    if cell == "O":
        return _authored(world, asker, participant) if category == "REFERRAL" else []
    own = _without_release(world, asker, participant, category)
    return own + released


def _bound(world: World, asker: Asker, participant: str) -> list[Ground]:
    kind = "SELF" if asker.role == "PAR" else "REPRESENTATIVE"
    bindings = world.rows(
        "account_binding", account_id=asker.account, participant_id=participant, kind=kind
    )
    if any(world.is_within(each["starts_at"], each["ends_at"]) for each in bindings):
        return [Ground("self")]
    return []


def is_counsel(world: World, asker: Asker, participant: str) -> bool:
    """Return whether somebody is the participant's counsel of record now."""
    entries = world.rows("counsel_of_record", defender=asker.account, participant_id=participant)
    return any(each["ended_at"] is None for each in entries)


def invited(world: World, account: str, meeting: Row) -> list[Row]:
    """Return somebody's invitations to a meeting of the work group that stand."""
    found = world.rows("owg_attendee", meeting_id=meeting["id"])
    return [each for each in found if each["account"] == account and each["removed_at"] is None]


def is_on_screen(item: Row) -> bool:
    """Return whether an item of an agenda has been admitted and not been taken off."""
    return item["status"] in _ON_SCREEN


def _is_told(world: World, asker: Asker, participant: str) -> bool:
    """Return whether the participant is on an agenda that the asker has pledged for."""
    for item in world.rows("owg_item", participant_id=participant):
        (meeting,) = world.rows("owg_meeting", id=item["meeting_id"])
        if is_on_screen(item) and world.now < meeting["starts_at"] + _SCREENS_STAY:
            found = invited(world, asker.account, meeting)
            if any(each["pledged_at"] is not None for each in found):
                return True
    return False


def _authored(world: World, asker: Asker, participant: str) -> list[Ground]:
    """Return one ground for each form that the asker has handed in about the person (D12, D39)."""
    return [
        Ground("author", referral=str(each["id"]))
        for each in world.rows("referral", participant_id=participant, author_subject=asker.account)
    ]


def _without_release(world: World, asker: Asker, participant: str, category: str) -> list[Ground]:
    agency = str(asker.grant["agency_id"])
    site = asker.grant["site_id"]
    if asker.role in ("CM", "SUP"):
        if not is_served_by(world, participant, agency, site):
            return []
        if asker.role == "CM" and not _is_assigned(world, asker, participant):
            return []  # D06
        return [Ground("own", agency=agency)]
    referrals = world.rows("referral", participant_id=participant, site_id=site)
    if asker.role == "PM":
        offices = world.rows("site_program", site_id=site, project_agency_id=agency)
        if not offices:
            return []
        who = category in ("IDENTITY", "CONTACT")
        return [
            Ground("screening")
            for each in referrals
            if not who or each["status"] not in _SCREENING_IS_OVER
        ][:1]
    if asker.role == "LEL" and category == "ELIGIBILITY":
        return [
            Ground("screening", referral=str(each["id"]))
            for each in referrals
            if str(each["author_agency_id"]) == agency
            and each["status"] in _AWAITS_APPROVAL
            and each["door"] != "COMMUNITY"
        ]
    return []


def is_served_by(world: World, participant: str, agency: str, site: Any) -> bool:
    """Return whether a provider has the person among its own: handed over to it, or enrolled."""
    entered = [
        each
        for each in world.rows(
            "enrollment", participant_id=participant, provider_agency_id=agency, site_id=site
        )
        if each["exit_reason"] != "ADMIN_ERROR"
    ]
    handed_over = world.rows(
        "referral", participant_id=participant, provider_agency_id=agency, site_id=site
    )
    return bool(entered or handed_over)


def _is_assigned(world: World, asker: Asker, participant: str) -> bool:
    return any(
        each["ended_at"] is None
        for each in world.rows(
            "caseload_assignment", participant_id=participant, account_id=asker.account
        )
    )
