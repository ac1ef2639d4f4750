"""The words of conferences, each described, and the labels that fields carry."""

from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category, Form
from svc_cases.conferences import rules

STAFF = [category(Category.AGENCY_ROLES)]
CONFERENCE = [category(Category.OWG)]
SHARED = [category(Category.OWG, Form.SUMMARY)]
ABOUT_PARTICIPANT = about("participantId")

described_enum(
    rules.MeetingStatus,
    "Where a meeting of the work group stands.",
    {
        rules.MeetingStatus.SCHEDULED: "It has a time and a place.",
        rules.MeetingStatus.AGENDA_OPEN: "Items are proposed and admitted.",
        rules.MeetingStatus.AGENDA_LOCKED: "No more items are proposed.",
        rules.MeetingStatus.IN_SESSION: "It is being held.",
        rules.MeetingStatus.CLOSED: "It is over; the minutes are being written.",
        rules.MeetingStatus.MINUTES_APPROVED: "It is over, with minutes.",
    },
    name="OwgMeetingStatus",
)
described_enum(
    rules.ItemStatus,
    "Where an item of an agenda stands.",
    {
        rules.ItemStatus.PROPOSED: "Proposed; no partner sees it.",
        rules.ItemStatus.ADMITTED: "On the agenda.",
        rules.ItemStatus.DISCUSSED: "Talked about.",
        rules.ItemStatus.ACTIONS_SET: "Talked about, with actions.",
        rules.ItemStatus.DEFERRED: "Put off to another meeting.",
        rules.ItemStatus.REMOVED_CONSENT: "Taken off: the release does not carry it.",
        rules.ItemStatus.WITHDRAWN: "Taken off by who had proposed it.",
    },
    name="OwgItemStatus",
)
described_enum(
    rules.Topic,
    "Why somebody is on an agenda.",
    {
        rules.Topic.NEW_REFERRAL: "A new referral.",
        rules.Topic.HANDOFF: "A handoff since the last meeting.",
        rules.Topic.SUCCESS: "Something that went well.",
        rules.Topic.CONCERN: "Something to think about together.",
        rules.Topic.COURT_DATE: "An upcoming court date.",
        rules.Topic.WARRANT: "A warrant to be cleared up.",
        rules.Topic.FILING: "A matter that a decision is due on.",
        rules.Topic.BARRIER: "Something that stands in the way of help.",
    },
    name="OwgTopic",
)
described_enum(
    rules.ActionStatus,
    "Where an action of a conference stands.",
    {
        rules.ActionStatus.OPEN: "To be done.",
        rules.ActionStatus.DONE: "Done.",
        rules.ActionStatus.DROPPED: "Not needed any more.",
    },
    name="OwgActionStatus",
)
