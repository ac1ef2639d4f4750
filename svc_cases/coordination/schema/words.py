"""The words of coordination, each described, and the labels that its fields carry."""

from infra.schema_directives import about, category
from infra.schema_enums import described_enum
from infra.vocabulary import Category, Form
from svc_cases.cases import rules as case_rules
from svc_cases.coordination import rules

COORDINATION = [category(Category.LEGAL_COORD)]
SUMMARY = [category(Category.LEGAL_COORD, Form.SUMMARY)]
ABOUT_PARTICIPANT = about("participantId")

described_enum(
    rules.CaseRelation,
    "How a case relates to the participant's enrollment.",
    {
        rules.CaseRelation.DIVERTED: "The very incident of the arrest that was diverted.",
        rules.CaseRelation.PRE_EXISTING: "Filed before enrollment.",
        rules.CaseRelation.POST_ENROLLMENT: "Filed after enrollment; see `incidentTiming`.",
        rules.CaseRelation.HISTORICAL: "Closed before enrollment.",
    },
)
described_enum(
    rules.IncidentTiming,
    "Whether the incident of a case filed after enrollment was before or after it.",
    {
        rules.IncidentTiming.INCIDENT_BEFORE_ENROLLMENT: (
            "Old conduct that waited in a filing queue; no new offending."
        ),
        rules.IncidentTiming.INCIDENT_AFTER_ENROLLMENT: "Conduct after enrollment.",
    },
)
described_enum(
    rules.CoordinationStatus,
    "Where the prosecutor's decision on a matched case stands.",
    {
        rules.CoordinationStatus.REFERRED_TO_PROSECUTOR: "Sent to the prosecutor.",
        rules.CoordinationStatus.UNDER_REVIEW: "The prosecutor has not decided.",
        rules.CoordinationStatus.HELD_FOR_LEAD: "Held, so that work with LEAD can go on.",
        rules.CoordinationStatus.DECLINED: "The prosecutor has declined to file.",
        rules.CoordinationStatus.FILED: "Filed with the court.",
        rules.CoordinationStatus.STATUTE_EXPIRED: "The time for filing has run out.",
    },
)
described_enum(
    rules.WarrantStatus,
    "Status of a warrant as the public record or a partner's statement has it.",
    {
        rules.WarrantStatus.ISSUED: "Issued.",
        rules.WarrantStatus.ACTIVE: "In force.",
        rules.WarrantStatus.QUASH_REQUESTED: "The court was asked to quash it.",
        rules.WarrantStatus.QUASHED: "Quashed by the court.",
        rules.WarrantStatus.SERVED: "Served.",
        rules.WarrantStatus.RECALLED: "Recalled by the court.",
        rules.WarrantStatus.EXPIRED: "Expired.",
    },
)
described_enum(
    rules.WarrantSource,
    "Where a warrant's status comes from.",
    {
        rules.WarrantSource.PUBLIC_COURT: "The public court record.",
        rules.WarrantSource.PARTNER_STATEMENT: "A partner's own statement.",
        rules.WarrantSource.CJIS: "A criminal-justice information system. Always refused.",
    },
)
described_enum(
    case_rules.DateField,
    "A date of a case that can be corrected.",
    {
        case_rules.DateField.INCIDENT: "Day of the incident.",
        case_rules.DateField.FILING: "Day of filing.",
    },
)
