"""What may be written on a roster."""

from dataclasses import replace

import pytest

from infra.errors import RuleError
from svc_training.personnel.rules import AppointmentType, PersonDetails, checked

GOOD = PersonDetails(
    given_name=" Ann  Example ",
    family_name="Sample",
    email="ann@example.test",
    appointment_type=AppointmentType.CIVILIAN,
    is_certified=False,
    external_id="CF099",
    account_id="9bb375e0-2350-5fad-908b-5c41ca173ccc",
)


def test_blanks_are_squeezed_and_empty_texts_are_none() -> None:
    details = checked(replace(GOOD, email=" ", external_id=""))
    assert details.given_name == "Ann Example"
    assert (details.email, details.external_id) == (None, None)


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"given_name": " "}, "MISSING"),
        ({"family_name": ""}, "MISSING"),
        ({"family_name": "x" * 201}, "BAD_TEXT"),
        ({"given_name": "a\x00b"}, "BAD_TEXT"),
        ({"email": "nobody"}, "BAD_EMAIL"),
        ({"email": "a@b@c.test"}, "BAD_EMAIL"),
        ({"external_id": "123-45-6789"}, "SOCIAL_SECURITY_NUMBER"),
        ({"external_id": "123456789"}, "SOCIAL_SECURITY_NUMBER"),
        ({"family_name": "Sample 123-45-6789"}, "SOCIAL_SECURITY_NUMBER"),
    ],
)
def test_unacceptable_details_are_refused(changes: dict[str, str], code: str) -> None:
    with pytest.raises(RuleError) as refused:
        checked(replace(GOOD, **changes))  # type: ignore[arg-type]  # texts only
    assert refused.value.code == code
