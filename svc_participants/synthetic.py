"""Loads a batch of the synthetic world: people, referrals, enrollments, caseloads and care.

What only this service knows (notes, goals, housing, summaries) is made up here, from the site's
id, so that it is the same each time.
"""

import random
from datetime import date, timedelta
from typing import Any

import orjson

from infra.batch_program import Batch, copy_visibility
from infra.bulk_copy import CopyRows, StableIds, array, copy_all, iso
from infra.subgraph_app import Chassis
from svc_participants.care.goals.tables import GoalRow
from svc_participants.care.housing.tables import HousingStatusRow
from svc_participants.care.notes.tables import CaseNoteRow
from svc_participants.care.summaries.tables import ProgressSummaryRow
from svc_participants.caseloads.rules import LIMIT, WARNING
from svc_participants.caseloads.tables import AssignmentRow
from svc_participants.demo import texts
from svc_participants.demo.protocol import DEMO_PROTOCOL
from svc_participants.enrollments.tables import EnrollmentRow
from svc_participants.people.tables import (
    AliasRow,
    ContactRow,
    DemographicsRow,
    ParticipantRow,
    StaffNameRow,
)
from svc_participants.protocols import rules as protocols
from svc_participants.protocols.tables import ProtocolVersionRow
from svc_participants.referrals.tables import ReferralRow, SiteProgramRow

_NEEDS = ("HOUSING", "SUBSTANCE_USE", "MENTAL_HEALTH", "HEALTH", "INCOME", "SAFETY")
_URGENCY = ("ROUTINE", "ROUTINE", "SOON", "SOON", "NOW")
_ENGAGEMENT = ("GETTING_STARTED", "IN_TOUCH", "IN_TOUCH", "CLOSELY_ENGAGED")
_COUNTERFACTUAL = {
    "ARREST_DIVERSION": ("WOULD_BOOK", "WOULD_BOOK", "WOULD_CITE"),
    "SOCIAL_CONTACT": ("UNKNOWN", "WOULD_CITE", "WOULD_NOT_ACT"),
    "COMMUNITY": ("WOULD_NOT_ACT", "UNKNOWN"),
}
_DETAILS = {
    "ARREST_DIVERSION": orjson.dumps(
        {"incident_number": "SYNTHETIC", "offence_code": "35A", "statute": "RCW 69.50.4013",
         "approving_supervisor": "Jordan Sample-Lane"}
    ).decode(),
    "SOCIAL_CONTACT": orjson.dumps(
        {"pattern": "Known from several calls in the same area.", "contacts_in_ninety_days": 4}
    ).decode(),
    "COMMUNITY": orjson.dumps(
        {"concern": "We would like somebody to offer help.", "relation": "shopkeeper"}
    ).decode(),
}  # fmt: skip
_NOTES = [(mode.value, text) for mode, text in texts.NOTES]
_GOALS = [(words, area.value, stage.value) for words, area, stage in texts.GOALS]


async def load(chassis: Chassis, batch: Batch, facts: bytes) -> dict[str, Any]:
    """Load one site; a second time nothing changes."""
    async with chassis.database.write() as session:
        if await session.get(SiteProgramRow, batch["site"]["id"]) is not None:
            return {"loaded": 0}
        rows = _Rows(batch)
        for person in batch["people"]:
            rows.person(person)
            if "enrollment_id" in person:
                rows.care(person)
        await copy_all(session, rows.in_order())
        await copy_visibility(session, facts, batch["revision"])
    return {"loaded": batch["size"]}


class _Rows:
    """The rows of one site."""

    def __init__(self, batch: Batch) -> None:
        self._site_id: str = batch["site"]["id"]
        self._draw = random.Random(f"{self._site_id}/participants").random  # noqa: S311 - to repeat
        self._on = date.fromisoformat(batch["on"])
        self._seen_at = f"{batch['on']} 08:00:00+00"
        site_ids = StableIds(f"{self._site_id}/participants", self._site_id[:8], 1)
        self._protocol_id = site_ids.next()
        self._programs = CopyRows(
            SiteProgramRow, "site_id", "project_agency_id", "caseload_warning", "caseload_limit",
            "time_zone", "public_name",
        )  # fmt: skip
        project = next(row["id"] for row in batch["agencies"] if row["type"] == "PMA")
        site = batch["site"]
        self._programs.add(self._site_id, project, WARNING, LIMIT, site["time_zone"], site["name"])
        self._protocols = CopyRows(
            ProtocolVersionRow, "id", "site_id", "number", "title", "effective_on", "rules",
            "drafted_at", "agreed_by",
        )  # fmt: skip
        began = (self._on - timedelta(days=1500)).isoformat()
        self._protocols.add(
            self._protocol_id, self._site_id, 1, "Synthetic protocol", began,
            orjson.dumps(protocols.as_json(DEMO_PROTOCOL)).decode(), f"{began} 08:00:00+00",
            "Policy Coordinating Group",
        )  # fmt: skip
        self._staff = CopyRows(StaffNameRow, "account_id", "display_name")
        for row in batch["staff"]:
            self._staff.add(row["id"], row["name"])
        self._people = CopyRows(
            ParticipantRow, "id", "site_id", "given_name", "family_name", "preferred_name",
            "name_quality", "born_on", "birth_date_quality", "estimated_birth_year", "created_at",
        )  # fmt: skip
        self._aliases = CopyRows(AliasRow, "id", "participant_id", "name", "kind")
        self._contacts = CopyRows(
            ContactRow, "participant_id", "phone", "usual_places", "updated_at"
        )
        self._demographics = CopyRows(
            DemographicsRow, "participant_id", "race", "sex", "gender_identity",
            "preferred_language", "language_state", "veteran", "disability", "updated_at",
        )  # fmt: skip
        self._referrals = CopyRows(
            ReferralRow, "id", "participant_id", "site_id", "door", "author_subject",
            "author_agency_id", "submitted_at", "submitted_on", "protocol_version_id", "urgency",
            "intercept_point", "counterfactual", "person_given_name", "person_family_name",
            "person_alias", "place", "account", "needs", "person_is_aware", "details", "status",
            "decided_at", "provider_agency_id", "referrer", "exclusions", "judgement",
            "queued_since",
        )  # fmt: skip
        self._enrollments = CopyRows(
            EnrollmentRow, "id", "participant_id", "site_id", "provider_agency_id", "referral_id",
            "status", "enrolled_on", "intake_completed_on", "inactive_reason", "exited_on",
            "exit_reason", "created_at",
        )  # fmt: skip
        self._assignments = CopyRows(
            AssignmentRow, "id", "participant_id", "agency_id", "account_id", "starts_on",
            "created_at",
        )  # fmt: skip
        self._notes = CopyRows(
            CaseNoteRow, "id", "participant_id", "agency_id", "author_account_id", "mode",
            "occurred_on", "text", "written_at",
        )  # fmt: skip
        self._goals = CopyRows(
            GoalRow, "id", "participant_id", "agency_id", "own_words", "area", "stage", "state",
            "set_on", "created_at",
        )  # fmt: skip
        self._housing = CopyRows(
            HousingStatusRow, "id", "participant_id", "agency_id", "situation", "as_of",
            "recorded_at", "recorded_by",
        )  # fmt: skip
        self._summaries = CopyRows(
            ProgressSummaryRow, "id", "participant_id", "agency_id", "statement", "engagement",
            "barriers", "what_would_help", "is_nothing_to_add", "state", "written_at",
            "written_by", "approved_at", "approved_on", "approved_by",
        )  # fmt: skip

    def in_order(self) -> list[CopyRows]:
        """Return all rows, what is referred to first."""
        return [
            self._programs, self._protocols, self._staff, self._people, self._aliases,
            self._contacts, self._demographics, self._referrals, self._enrollments,
            self._assignments, self._notes, self._goals, self._housing, self._summaries,
        ]  # fmt: skip

    def person(self, person: dict[str, Any]) -> None:
        """Add a person, how they came in, and where they stand."""
        key, given, family = person["id"], person["given"], person["family"]
        draw = self._draw
        self._people.add(
            key, self._site_id, given, family, person["preferred"],
            "FULL" if given and family else "PARTIAL_OR_STREET_NAME", person["born_on"],
            "FULL" if person["born_on"] else "ESTIMATED", person["estimated_year"],
            person["submitted_at"],
        )  # fmt: skip
        if person["alias"]:
            ids = StableIds(f"{key}/alias", key[:8], 1)
            self._aliases.add(ids.next(), key, person["alias"], "STREET_NAME")
        place = texts.PLACES[int(draw() * len(texts.PLACES))]
        self._contacts.add(key, person["phone"], array([place]), self._seen_at)
        self._demographics.add(
            key, array(person["race"]), person["sex"], person["gender"], person["language"],
            "ANSWERED" if person["language"] else "NOT_ASKED", person["veteran"],
            person["disability"], self._seen_at,
        )  # fmt: skip
        door, decided = person["door"], person["decided_on"]
        others = _COUNTERFACTUAL[door]
        self._referrals.add(
            person["referral_id"], key, self._site_id, door, person["author"],
            person["author_agency"], person["submitted_at"], person["submitted_on"],
            self._protocol_id, _URGENCY[int(draw() * len(_URGENCY))],
            "COMMUNITY_SERVICES" if door == "COMMUNITY" else "LAW_ENFORCEMENT",
            others[int(draw() * len(others))], given, family, person["alias"], place,
            texts.ACCOUNTS[int(draw() * len(texts.ACCOUNTS))],
            array([_NEEDS[int(draw() * len(_NEEDS))]]), "YES" if draw() < 0.8 else "NO",
            _DETAILS[door], person["referral_status"],
            f"{decided} 10:00:00+00" if decided else None, person.get("provider"), "{}", "{}",
            "{}", person["submitted_at"],
        )  # fmt: skip
        if "enrollment_id" in person:
            began = date.fromisoformat(person["enrolled_on"]).toordinal()
            is_away = person["stage"] == "ENROLLED_INACTIVE"
            self._enrollments.add(
                person["enrollment_id"], key, self._site_id, person["provider"],
                person["referral_id"], person["stage"], person["enrolled_on"],
                iso(began - 1), "IN_THE_WIND" if is_away else None,
                person["exited_on"], person["exit_reason"],
                f"{iso(began - 4)} 11:00:00+00",
            )  # fmt: skip
            if person["assignment_id"]:
                self._assignments.add(
                    person["assignment_id"], key, person["provider"], person["manager"],
                    person["enrolled_on"], f"{person['enrolled_on']} 08:00:00+00",
                )  # fmt: skip

    def care(self, person: dict[str, Any]) -> None:
        """Add notes, a goal, living situations and the summary of somebody enrolled."""
        key, agency, author = person["id"], person["provider"], person["manager"]
        draw = self._draw
        ids = StableIds(f"{key}/care", key[:8], person["note_count"] + 8)
        first = person["enrolled_on"]
        began = date.fromisoformat(first).toordinal()
        last = person["exited_on"]
        days = max(1, (date.fromisoformat(last) if last else self._on).toordinal() - began)
        offset, whose = int(draw() * len(_NOTES)), f"\t{key}\t{agency}\t{author}\t"
        for place in range(person["note_count"]):
            mode, text = _NOTES[(offset + place) % len(_NOTES)]
            on = iso(began + int(days * (place + draw()) / 20))
            # As `add` would join it: there are more notes than of anything else.
            self._notes.add_line(
                f"{ids.next()}{whose}{mode}\t{on}\t{text}\t{on} 17:{place:02d}:00+00"
            )
        words, area, stage = _GOALS[int(draw() * len(_GOALS))]
        self._goals.add(
            ids.next(), key, agency, words, area, stage, "OPEN", first, f"{first} 14:00:00+00"
        )
        for place, situation in enumerate(person["housing"]):
            on = iso(began + days * place // 2)
            self._housing.add(
                ids.next(), key, agency, situation, on, f"{on} 12:{place:02d}:00+00", author
            )
        if draw() < 0.7:
            on = iso(began + min(40, days))
            self._summaries.add(
                ids.next(), key, agency, texts.STATEMENTS[int(draw() * len(texts.STATEMENTS))],
                _ENGAGEMENT[int(draw() * len(_ENGAGEMENT))],
                texts.BARRIERS[int(draw() * len(texts.BARRIERS))],
                texts.HELP[int(draw() * len(texts.HELP))], False, "APPROVED", f"{on} 10:00:00+00",
                author, f"{on} 13:00:00+00", on, author,
            )  # fmt: skip
