"""Enums of the person; published before any type or input refers to them."""

from infra.schema_enums import described_enum
from svc_participants.people import rules

described_enum(
    rules.NameQuality,
    "How far a recorded name can be relied on (HUD HMIS 2026, 3.01).",
    rules.NAME_QUALITY_MEANINGS,
    system=f"{rules.HUD_2026}:3.01",
)
described_enum(
    rules.BirthDateQuality,
    "How far a date of birth can be relied on (HUD HMIS 2026, 3.03).",
    rules.BIRTH_DATE_QUALITY_MEANINGS,
    system=f"{rules.HUD_2026}:3.03",
)
described_enum(rules.AliasKind, "What sort of other name it is.", rules.ALIAS_KIND_MEANINGS)
described_enum(
    rules.Race,
    "Race and ethnicity (HUD HMIS 2026, 3.04).",
    rules.RACE_MEANINGS,
    system=f"{rules.HUD_2026}:3.04",
)
described_enum(
    rules.Sex, "Sex (HUD HMIS 2026, 3.06).", rules.SEX_MEANINGS, system=f"{rules.HUD_2026}:3.06"
)
described_enum(
    rules.GenderIdentity,
    "Gender identity; the platform's own list, as HUD's of 2026 has sex only.",
    rules.GENDER_IDENTITY_MEANINGS,
    system=f"{rules.HUD_2026}:1.8",
)
described_enum(
    rules.YesNo,
    "A yes-or-no answer (HUD HMIS 2026, 1.8).",
    rules.YES_NO_MEANINGS,
    system=f"{rules.HUD_2026}:1.8",
)
described_enum(
    rules.AnswerState,
    "Whether an open question has an answer, and why not.",
    rules.ANSWER_STATE_MEANINGS,
    system=f"{rules.HUD_2026}:1.8",
)
