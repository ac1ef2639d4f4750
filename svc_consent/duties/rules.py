"""Which duties there are, who does them, and how long they may take. Pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from infra.vocabulary import Role
from svc_consent.agencies.site_settings import SiteSettings


class DutyKind(StrEnum):
    """What is to be done."""

    EMERGENCY_NOTICE = "EMERGENCY_NOTICE"
    EMERGENCY_REVIEW = "EMERGENCY_REVIEW"
    MISUSE_ASSESSMENT = "MISUSE_ASSESSMENT"
    TELL_PARTICIPANT = "TELL_PARTICIPANT"
    TELL_AUTHORITIES = "TELL_AUTHORITIES"
    COUNSEL_REVIEW = "COUNSEL_REVIEW"
    AMENDMENT_ANSWER = "AMENDMENT_ANSWER"
    RECIPIENT_LIST = "RECIPIENT_LIST"


_BOTH = frozenset({Role.CM, Role.SUP, Role.PRV})
_REVIEWERS = frozenset({Role.SUP, Role.PRV})

DONE_BY: dict[DutyKind, frozenset[Role]] = {
    DutyKind.EMERGENCY_NOTICE: _BOTH,
    DutyKind.EMERGENCY_REVIEW: _REVIEWERS,
    DutyKind.MISUSE_ASSESSMENT: _REVIEWERS,
    DutyKind.TELL_PARTICIPANT: _BOTH,
    DutyKind.TELL_AUTHORITIES: _REVIEWERS,
    DutyKind.COUNSEL_REVIEW: _REVIEWERS,
    DutyKind.AMENDMENT_ANSWER: _BOTH,
    DutyKind.RECIPIENT_LIST: _BOTH,
}
"""Who may say that a duty is done; a case manager does not review what was seen about a client."""


def due_at(kind: DutyKind, raised_at: datetime, settings: SiteSettings) -> datetime:
    """Return by when a duty is to be done, from the site's own times."""
    spans: dict[DutyKind, timedelta] = {
        DutyKind.EMERGENCY_NOTICE: settings.hours("emergency_review_hours"),
        DutyKind.EMERGENCY_REVIEW: settings.hours("emergency_review_hours"),
        DutyKind.MISUSE_ASSESSMENT: settings.days("breach_notice_days"),
        DutyKind.TELL_PARTICIPANT: settings.days("breach_notice_days"),
        DutyKind.TELL_AUTHORITIES: settings.days("breach_notice_days"),
        DutyKind.COUNSEL_REVIEW: settings.days("counsel_review_days"),
        DutyKind.AMENDMENT_ANSWER: settings.days("amendment_answer_days"),
        DutyKind.RECIPIENT_LIST: settings.days("intermediary_answer_days"),
    }
    return raised_at + spans[kind]


def may_do(kind: DutyKind, role: Role) -> bool:
    """Return whether a role may say that a duty of this kind is done."""
    return role in DONE_BY[kind]
