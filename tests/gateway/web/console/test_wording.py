"""The catalogues say the same in every language, and know every word that they will meet."""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLSchema

from gateway.policy.packaged import packaged_supergraph
from gateway.web.console import release_form, roles
from gateway.web.console.wording import LANGUAGES, catalogue, chosen_language, phrase, say
from infra.vocabulary import ROLE_TITLES, Role
from svc_consent.wording import CATEGORY_WORDS, PURPOSE_WORDS

STAFF_ONLY = {
    "appointments", "agency_types", "assignment_outcomes", "assignment_statuses", "batch_statuses",
    "elements", "forms_seen", "gates", "staff_categories", "steps",
    "action_statuses", "item_statuses", "item_steps", "meeting_statuses", "meeting_steps", "topics",
    "enrollment_statuses", "grant_statuses", "import_outcomes", "membership_statuses",
    "access_kinds", "directory_events", "duties", "outside_statuses",
    "attendances", "training_outcomes", "result_outcomes", "compliance_statuses", "conflicts",
    "registration_outcomes", "fulfillment_statuses", "fulfillment_steps",
    "library_categories", "assistance_topics", "assistance_statuses", "assistance_steps",
    "membership_steps", "request_statuses",
    "review_decisions", "tables", "queue_kinds",
    "coordination_statuses", "case_relations", "warrant_statuses", "request_kinds",
    "answer_statuses", "handoff_states", "handoff_steps", "handoff_failures",
    "modes", "part2", "phrases", "platforms", "service_fields", "session_statuses",
}  # fmt: skip
"""Tables that only staff pages use, which are English."""


@cache
def schema() -> GraphQLSchema:
    return packaged_supergraph().api_schema


def keys(table: Mapping[str, Any], prefix: str = "") -> set[str]:
    found: set[str] = set()
    for name, value in table.items():
        found |= keys(value, f"{prefix}{name}.") if isinstance(value, dict) else {prefix + name}
    return found


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_pages_about_the_own_record_are_whole_in_every_language(language: str) -> None:
    english = {key for key in keys(catalogue("en")) if key.partition(".")[0] not in STAFF_ONLY}
    other = {key for key in keys(catalogue(language)) if key.partition(".")[0] not in STAFF_ONLY}
    assert english == other
    for key in sorted(english):
        placeholders = {part.partition("}")[0] for part in say("en", key).split("{")[1:]}
        translated = {part.partition("}")[0] for part in say(language, key).split("{")[1:]}
        assert placeholders == translated, key


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - {"en"}))
def test_what_the_consent_service_words_is_known_in_every_language(language: str) -> None:
    worded = [*CATEGORY_WORDS.values(), *PURPOSE_WORDS.values(), *ROLE_TITLES.values()]
    assert [text for text in worded if phrase(language, text) == text] == []


TABLES = {
    "AppointmentType": "appointments",
    "AgencyType": "agency_types",
    "DecisionStep": "steps",
    "InformationForm": "forms_seen",
    "AssignmentBatchStatus": "batch_statuses",
    "AssignmentOutcome": "assignment_outcomes",
    "AssignmentStatus": "assignment_statuses",
    "EnrollmentStatus": "enrollment_statuses",
    "FulfillmentStatus": "fulfillment_statuses",
    "GrantStatus": "grant_statuses",
    "DirectoryEventKind": "directory_events",
    "CaseRelation": "case_relations",
    "CoordinationStatus": "coordination_statuses",
    "CourtLetterStatus": "letter_statuses",
    "AttemptMode": "attempt_modes",
    "AttemptOutcome": "attempt_outcomes",
    "DeliveryMethod": "delivery_methods",
    "HandoffFailureReason": "handoff_failures",
    "HandoffState": "handoff_states",
    "QueueKind": "queue_kinds",
    "RequestKind": "request_kinds",
    "RequestStatus": "answer_statuses",
    "WarrantStatus": "warrant_statuses",
    "Attendance": "attendances",
    "AssistanceStatus": "assistance_statuses",
    "AssistanceTopic": "assistance_topics",
    "ComplianceStatus": "compliance_statuses",
    "LibraryCategory": "library_categories",
    "OutsideTrainingStatus": "outside_statuses",
    "RegistrationOutcome": "registration_outcomes",
    "ResultOutcome": "result_outcomes",
    "TrainingOutcome": "training_outcomes",
    "DutyKind": "duties",
    "ReviewDecision": "review_decisions",
    "RoleRequestStatus": "request_statuses",
    "SeatBody": "tables",
    "ImportOutcome": "import_outcomes",
    "MembershipStatus": "membership_statuses",
    "LocationMode": "modes",
    "MeetingPlatform": "platforms",
    "SessionStatus": "session_statuses",
    "ReleaseStatus": "release_statuses",
    "Role": "roles",
    "DisclosureKind": "disclosure_kinds",
    "DisclosureOutcome": "disclosure_outcomes",
    "ProvisionEffect": "effects",
    "SignatureMethod": "methods",
    "OwgMeetingStatus": "meeting_statuses",
    "OwgItemStatus": "item_statuses",
    "OwgTopic": "topics",
    "OwgActionStatus": "action_statuses",
}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_every_value_of_an_enum_has_a_name_for_people(name: str) -> None:
    enum = schema().type_map[name]
    assert isinstance(enum, GraphQLEnumType)
    assert [value for value in enum.values if value not in catalogue("en")[TABLES[name]]] == []


def test_every_role_has_a_purpose_or_none_and_a_place_to_start() -> None:
    assert set(roles.PURPOSES) == {role.value for role in Role}
    for role in roles.PURPOSES:
        found = roles.places(role, development=False)
        assert found[0].key == "home"
        assert not [place for place in found if place.development]


def test_the_release_form_offers_words_that_people_know() -> None:
    for language in LANGUAGES:
        named = catalogue(language)
        assert set(release_form.CATEGORIES) <= set(named["categories"])
        purposes = {each for offered in release_form.PURPOSES.values() for each in offered}
        assert purposes <= set(named["purposes"])


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [("es-MX,en;q=0.5", "es"), ("de,en-US", "en"), ("fr", "en"), ("", "en"), (None, "en")],
)
def test_the_language_is_one_that_the_browser_asks_for(accepted: str | None, expected: str) -> None:
    assert chosen_language(accepted) == expected


def test_templates_say_nothing_that_the_catalogue_lacks() -> None:
    """A key is text in a template; one that is misspelt would fail only when its page is opened."""
    folder = Path(__file__).resolve().parents[4] / "gateway" / "web" / "console" / "templates"
    known = keys(catalogue("en"))
    used: set[str] = set()
    for path in folder.glob("*.html"):
        used |= set(re.findall(r'\bt\([\'"]([a-z_]+\.[a-z_0-9]+)[\'"]', path.read_text()))
    assert used - known == set()
