"""What partners do together: the work group's meetings, letters to a court, the liaison's queue.

A meeting is run by the project office and prepared by who works the cases; everybody else is there
by invitation. What is said about somebody is heard by those who have pledged and whose agency a
release names (toolkit, work group; domain scenarios 4 and 5).
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

from tests.proof.oracle.care import CareRecords
from tests.proof.oracle.consent import (
    Asker,
    Row,
    has_live_agreement,
    invited,
    is_counsel,
    is_on_screen,
    is_served_by,
    provisions,
)

_PREPARE = {"PM", "CM", "SUP"}
_HEARS_FOR = {
    "PM": ("LEAD_COORD",),
    "CM": ("CAREMGT", "COC", "LEAD_COORD"),
    "SUP": ("CAREMGT", "HQUALIMP"),
    "LEO": ("LEAD_COORD", "LEAD_REFERRAL"),
    "LEL": ("LEAD_COORD", "LEAD_REFERRAL"),
    "PRO": ("LEAD_LEGAL_COORD",),
    "DEF": ("LEAD_LEGAL_COORD",),
    "SVC": ("TREAT", "COC"),
}
_PLEDGE = (
    "I keep to myself what I hear about participants. I use it to help them, never against them,"
    " and I pass it on to nobody whom they have not named."
)
_PARTICIPATION = (
    "The person named above takes part in LEAD of their own free will. LEAD sets no conditions,"
    " and the court is asked to draw no conclusion from what is not said here."
)
_TOLD_BY_A_LETTER = ("ENROLLMENT", "GOALS_PLAN", "LEGAL_COORD")
_READS_LETTERS = {"CM", "SUP", "DEF", "PAR", "REP"}
_THE_PERSON = {"PAR", "REP"}  # what somebody else has told is excepted (D04)


class WorkRecords(CareRecords):
    """Records of several agencies' work together."""

    # Meetings: for those who prepare them, and for those who are invited.

    def _meetings(self, found: Iterable[Row]) -> list[Row]:
        mine = self._asker
        return [
            each
            for each in found
            if str(each["site_id"]) == str(mine.grant["site_id"])
            and (mine.role in _PREPARE or invited(self._world, mine.account, each))
        ]

    def _query_owgmeetings(self, *_: Any) -> list[Row]:
        found = self._meetings(self._world.tables["owg_meeting"])
        return sorted(found, key=lambda each: (each["starts_at"], each["id"]), reverse=True)

    def _query_owgmeeting(self, _row: Row, _about: None, arguments: Mapping[str, Any]) -> list[Row]:
        return self._meetings(self._world.rows("owg_meeting", id=arguments["id"]))

    def _owgmeeting_attendees(self, row: Row, *_: Any) -> list[Row]:
        found = self._world.rows("owg_attendee", meeting_id=row["id"])
        present = [each for each in found if each["removed_at"] is None]
        return sorted(present, key=lambda each: (each["invited_at"], each["id"]))

    def _owgmeeting_myinvitation(self, row: Row, *_: Any) -> list[Row]:
        found = self._owgmeeting_attendees(row)
        return [each for each in found if each["account"] == self._asker.account]

    def _owgattendee_agency(self, row: Row, *_: Any) -> list[Row]:
        return self._agency(row["agency_id"])

    def _wordings(self, site_id: object) -> dict[str, str]:
        """Return what a site's pledge has said, by version: as every site began, newest last."""
        own = self._world.rows("pledge_wording", site_id=site_id)
        published = sorted(own, key=lambda each: int(each["number"]))
        found = {f"OWG-PLEDGE@{each['number']}": str(each["text"]) for each in published}
        return {"OWG-PLEDGE@2026-01": _PLEDGE, **found}

    def _leafpledge_text(self, row: Row, _about: str | None) -> str:
        return list(self._wordings(row["site_id"]).values())[-1]

    def _leafpledge_version(self, row: Row, _about: str | None) -> str:
        return list(self._wordings(row["site_id"]))[-1]

    def _leafsigned_text(self, row: Row, _about: str | None) -> str | None:
        (meeting,) = self._world.rows("owg_meeting", id=row["meeting_id"])
        return self._wordings(meeting["site_id"]).get(str(row["pledge_version"]))

    # The agenda: nothing of it before the pledge, and of each item what a release opens.

    def _query_owgagenda(self, _row: Row, _about: None, arguments: Mapping[str, Any]) -> list[Row]:
        found = []
        for meeting in self._world.rows("owg_meeting", id=arguments["id"]):
            if str(meeting["site_id"]) != str(self._asker.grant["site_id"]):
                continue
            pledged = [
                each
                for each in invited(self._world, self._asker.account, meeting)
                if each["pledged_at"] is not None
            ]
            for item in self._world.rows("owg_item", meeting_id=meeting["id"]):
                is_before_us = self._asker.role in _PREPARE or (pledged and is_on_screen(item))
                if is_before_us and self.covers(item, "OWG", item["proposed_on"]):
                    found.append(item)
        return sorted(found, key=lambda each: each["position"])

    def _owgagendaitem_participant(self, row: Row, *_: Any) -> list[Row]:
        return self._world.rows("participant", id=row["participant_id"])

    def _said(self, table: str, row: Row, day: str, by: str) -> list[Row]:
        found = self._world.rows(table, item_id=row["id"])
        return [
            each
            for each in sorted(found, key=lambda one: (one[by], one["id"]))
            if self.covers(each, "OWG", each[day])
        ]

    def _owgagendaitem_notes(self, row: Row, *_: Any) -> list[Row]:
        return self._said("owg_note", row, "written_on", "written_at")

    def _owgagendaitem_actions(self, row: Row, *_: Any) -> list[Row]:
        return self._said("owg_action", row, "set_on", "set_at")

    def _conferenceaction_responsibleagency(self, row: Row, *_: Any) -> list[Row]:
        return self._agency(row["responsible_agency_id"])

    def _owgagendaitem_muststepout(self, row: Row, *_: Any) -> list[Row]:
        """Return the agencies at the table that may not hear this, pledge or not."""
        (meeting,) = self._world.rows("owg_meeting", id=row["meeting_id"])
        out = {
            str(each["agency_id"])
            for each in self._owgmeeting_attendees(meeting)
            if not self._may_hear(each, row, meeting)
        }
        return [found for each in sorted(out) for found in self._agency(each)]

    def _may_hear(self, attendee: Row, item: Row, meeting: Row) -> bool:
        site, about = meeting["site_id"], str(item["participant_id"])
        agency, role = str(attendee["agency_id"]), attendee["role"]
        seat = {"role": role, "agency_id": agency, "site_id": site, "is_liaison": True}
        if not has_live_agreement(self._world, seat):
            return False
        said = [
            each
            for purpose in _HEARS_FOR.get(role, ())
            for each in provisions(
                self._world, Asker(attendee["account"], seat, purpose), about, "OWG"
            )
        ]
        if any(each["effect"] == "deny" for each in said):
            return False
        day = item["proposed_on"]
        named = any(
            (each["data_from"] is None or each["data_from"] <= day)
            and (each["data_to"] is None or day <= each["data_to"])
            for each in said
        )
        if role == "DEF":
            asker = Asker(attendee["account"], seat, "LEAD_LEGAL_COORD")
            return named and is_counsel(self._world, asker, about)
        serves = role in ("CM", "SUP") and is_served_by(self._world, about, agency, site)
        return named or serves

    # The liaison's queue: matched cases of the own office that are not done with.

    def _query_liaisonqueue(
        self, _row: Row, _about: None, arguments: Mapping[str, Any]
    ) -> list[Row]:
        kind, found = arguments.get("kind"), []
        for link in self._matches(self._world.tables["lead_link"]):
            case = self._case_of(link)
            if str(case["prosecutor_agency_id"]) != str(self._asker.grant["agency_id"]):
                continue
            parts = {
                "OPEN_CASES": case["filed_on"] is not None and case["closed_on"] is None,
                "TO_DECIDE": case["filed_on"] is None
                and link["coordination_status"] in ("REFERRED_TO_PROSECUTOR", "UNDER_REVIEW"),
                "HELD": case["filed_on"] is None and link["coordination_status"] == "HELD_FOR_LEAD",
            }
            if kind == "REQUESTED":
                parts[kind] = any(
                    each["status"] == "OPEN" for each in self._leadlink_requests(link)
                )
            if parts[kind] if kind else any(parts.values()):
                found.append(link)
        return found

    # Letters: what a court is told, for who works the case, the person and their counsel.

    def _letters(self, found: Iterable[Row]) -> list[Row]:
        if self._asker.role not in _READS_LETTERS:
            return []
        return [
            each
            for each in found
            if all(
                self.covers(each, category, each["written_on"])
                for category in ("GOALS_PLAN", "LEGAL_COORD")
            )
        ]

    def _query_courtletter(
        self, _row: Row, _about: None, arguments: Mapping[str, Any]
    ) -> list[Row]:
        return self._letters(self._world.rows("court_letter", id=arguments["id"]))

    def _participant_courtletters(self, row: Row, *_: Any) -> list[Row]:
        found = self._letters(self._world.rows("court_letter", participant_id=row["id"]))
        return sorted(found, key=lambda each: (each["written_at"], each["id"]), reverse=True)

    def _leaftakes_part(self, _row: Row, _about: str | None) -> str:
        return _PARTICIPATION

    def _leafletter_case(self, row: Row, _about: str | None) -> str:
        return str(self._case_of(row)["number"])

    def _leafletter_defendant(self, row: Row, about: str | None) -> str:
        return self._leafdefendant(self._case_of(row), about)

    def _leafletter_court(self, row: Row, _about: str | None) -> str:
        (court,) = self._world.rows("court", id=self._case_of(row)["court_id"])
        return str(court["name"])

    def _leafcourt_is_named(self, row: Row, about: str | None) -> bool:
        """Return whether a release names the court for everything that the letter tells."""
        seat = {
            "role": "CRT",
            "agency_id": str(row["court_id"]),
            "site_id": self._asker.grant["site_id"],
        }
        court, day = Asker("", seat, "LEAD_LEGAL_COORD"), row["written_on"]
        if not has_live_agreement(self._world, seat):
            return False
        for category in _TOLD_BY_A_LETTER:
            said = provisions(self._world, court, str(about), category)
            named = any(
                (each["data_from"] is None or each["data_from"] <= day)
                and (each["data_to"] is None or day <= each["data_to"])
                for each in said
            )
            if not named or any(each["effect"] == "deny" for each in said):
                return False
        return True

    # What a form holds beside its first page.

    def _leafreceipt(self, row: Row, _about: str | None) -> str | None:
        return "Received, thank you." if self._reads_form(row) else None

    def _part_of_form(self, row: Row, column: str) -> Any:
        if self._asker.role in _THE_PERSON or not self._reads_form(row):
            return None
        part = row[column]
        return json.loads(part) if isinstance(part, str) else part

    def _of_door(self, row: Row, door: str, names: str) -> list[Row]:
        part = self._part_of_form(row, "details") if row["door"] == door else None
        return [] if part is None else [{**dict.fromkeys(names.split()), **part}]

    def _referral_arrestdiversion(self, row: Row, *_: Any) -> list[Row]:
        names = "incident_number offence_code statute approving_supervisor drug_amount_grams"
        return self._of_door(row, "ARREST_DIVERSION", f"{names} victim_consulted")

    def _referral_socialcontact(self, row: Row, *_: Any) -> list[Row]:
        return self._of_door(row, "SOCIAL_CONTACT", "pattern contacts_in_ninety_days")

    def _referral_community(self, row: Row, *_: Any) -> list[Row]:
        return self._of_door(row, "COMMUNITY", "concern relation")

    def _referral_referrer(self, row: Row, *_: Any) -> list[Row]:
        part = self._part_of_form(row, "referrer")
        return [{**dict.fromkeys(("name", "phone", "email", "unit")), **part}] if part else []

    def _referral_exclusionanswers(self, row: Row, *_: Any) -> list[Row] | None:
        part = self._part_of_form(row, "exclusions")
        if part is None:
            return None
        return [{"code": code, "applies": applies} for code, applies in part.items()]

    def _referral_protocolversion(self, row: Row, *_: Any) -> list[Row]:
        if not self._reads_form(row):
            return []
        return self._world.rows("protocol_version", id=row["protocol_version_id"])
