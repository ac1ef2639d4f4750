"""No service holds a day against the one of UTC: a typed day is one of the place."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
UTC_DAY: Final = re.compile(r"\b(\w+_at|now(\(\))?)\.date\(\)|\bdate\.today\(|func\.current_date\(")
ALLOWED: Final = {
    "svc_consent/agencies/endpoints.py": "how long an account has been unused, in days of UTC",
    "infra/indicators/publishing.py": "when a period has settled, weeks after its end",
    "infra/dev/up/seeding.py": "the day of the demo world",
    "infra/dev/demo/__main__.py": "the day of the demo world",
    "infra/cli/operations.py": "the day of the demo world",
    "infra/cli/synthesis.py": "the day of the synthetic world",
}


def days_of_utc(sources: dict[str, str]) -> set[str]:
    """Return the files that reckon with the day of UTC and are not allowed to."""
    return {path for path, text in sources.items() if UTC_DAY.search(text)} - set(ALLOWED)


def sources() -> dict[str, str]:
    programs = ("gateway", "infra", "svc_cases", "svc_consent", "svc_participants", "svc_training")
    return {
        str(file.relative_to(ROOT)): file.read_text(encoding="utf-8")
        for program in programs
        for file in (ROOT / program).rglob("*.py")
    }


def test_no_program_takes_the_day_of_utc_for_a_day_of_the_place() -> None:
    found = sources()
    assert days_of_utc(found) == set()
    assert all(UTC_DAY.search(found[path]) for path in ALLOWED)  # none is allowed in vain


def test_a_planted_day_of_utc_is_caught() -> None:
    path = "svc_participants/care/goals/commands.py"
    moments = ("clock.now().date()", "now.date()", "row.made_at.date()", "func.current_date()")
    for planted in moments:
        assert days_of_utc({path: f"check_day(goal.set_on, {planted}, 'setOn')"}) == {path}
