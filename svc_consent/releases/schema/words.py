"""The words of a form in the schema: enums, each value described."""

from infra.schema_enums import described_enum
from infra.vocabulary import (
    OWN_PURPOSE_SYSTEM,
    OWN_PURPOSES,
    PURPOSE_SYSTEM,
    Category,
    Purpose,
)
from svc_consent.releases.rules import (
    Capacity,
    Covers,
    ExpiryEvent,
    ProvisionEffect,
    ReleaseKind,
    ReleaseStatus,
    RevocationMethod,
    SignatureMethod,
)
from svc_consent.wording import CATEGORY_WORDS, PURPOSE_WORDS, described


def _system_of(purpose: Purpose) -> str:
    return OWN_PURPOSE_SYSTEM if purpose in OWN_PURPOSES else PURPOSE_SYSTEM


described_enum(
    ReleaseKind,
    "What kind of form it is; one kind to a form.",
    {
        ReleaseKind.GENERAL: "Names each recipient and purpose.",
        ReleaseKind.TPO: "Treatment, payment and health care operations.",
        ReleaseKind.COUNSELING_NOTES: "Notes of substance-use counselling.",
        ReleaseKind.PROCEEDING: "Use in a proceeding.",
        ReleaseKind.CJ_CONDITIONAL_2_35: "A condition of a disposition (42 CFR 2.35).",
        ReleaseKind.RESEARCH: "Research.",
    },
)
described_enum(
    ReleaseStatus,
    "Where a version stands now.",
    {
        ReleaseStatus.DRAFT: "Not signed yet.",
        ReleaseStatus.DEFECTIVE: "A required element is missing; it permits nothing.",
        ReleaseStatus.ACTIVE: "In force.",
        ReleaseStatus.EXPIRED: "Its time is over.",
        ReleaseStatus.REVOKED: "Taken back.",
        ReleaseStatus.SUPERSEDED: "A newer version took its place.",
        ReleaseStatus.ENTERED_IN_ERROR: "Recorded by mistake.",
    },
)
described_enum(
    ProvisionEffect,
    "Whether a provision opens or closes.",
    {
        ProvisionEffect.PERMIT: "The recipient may be told.",
        ProvisionEffect.DENY: "The recipient must not be told, whatever other releases say.",
    },
)
described_enum(
    Category,
    "What kind of information it is.",
    {each: described(words) for each, words in CATEGORY_WORDS.items()},
    name="InformationCategory",
)
described_enum(
    Purpose,
    "Why information may be used.",
    {
        each: f"{described(words).removesuffix('.')} ({_system_of(each)}|{each})."
        for each, words in PURPOSE_WORDS.items()
    },
    name="PurposeOfUse",
)
described_enum(
    SignatureMethod,
    "How a form was signed.",
    {
        SignatureMethod.WET_INK: "On paper.",
        SignatureMethod.ELECTRONIC: "Electronically, with evidence.",
    },
)
described_enum(
    Capacity,
    "As what somebody signed.",
    {
        Capacity.SELF: "For themselves.",
        Capacity.PARENT: "As parent of a minor.",
        Capacity.GUARDIAN: "As guardian.",
        Capacity.REPRESENTATIVE: "As representative.",
    },
    name="SignerCapacity",
)
described_enum(
    Covers,
    "What a form may be about besides categories; each needs a form of its own.",
    {
        Covers.COUNSELING_NOTES: "Notes of substance-use counselling (42 CFR 2.31(b)).",
        Covers.PROCEEDING: "Use in a proceeding (42 CFR 2.31(d)).",
    },
    name="ReleaseCovers",
)
described_enum(
    ExpiryEvent,
    "An event that ends a release.",
    {
        ExpiryEvent.LEAVES_LEAD: "The person leaves LEAD.",
        ExpiryEvent.CASE_CLOSED: "The court case that it is about is closed.",
    },
    name="ReleaseExpiryEvent",
)
described_enum(
    RevocationMethod,
    "How a release was taken back.",
    {
        RevocationMethod.WRITTEN: "In writing.",
        RevocationMethod.ORAL: "By word of mouth; staff wrote it down.",
        RevocationMethod.ELECTRONIC: "Electronically, by the person.",
    },
)
