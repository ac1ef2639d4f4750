"""No service holds a day against the one of UTC: a typed day is one of the place."""

import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
UTC_DAY: Final = re.compile(r"\b(\w+_at|now(\(\))?)\.date\(\)|\bdate\.today\(|func\.current_date\(")
_NESTED: Final = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
SQL_DAY: Final = re.compile(
    rf"([\w.]*{_NESTED}|[\w.]+)\s*::\s*date\b"
    r"|\bcast\(((?:[^()]|\((?:[^()]|\([^()]*\))*\))*?)\s+as\s+date\s*\)",
    re.IGNORECASE,
)
ALLOWED: Final = {
    "svc_consent/agencies/endpoints.py": "how long an account has been unused, in days of UTC",
    "infra/dev/up/seeding.py": "the day of the demo world",
    "infra/dev/demo/__main__.py": "the day of the demo world",
    "infra/cli/operations.py": "the day of the demo world",
    "infra/cli/synthesis.py": "the day of the synthetic world",
}


def days_of_utc(sources: dict[str, str]) -> set[str]:
    """Return the files that reckon with the day of UTC and are not allowed to."""
    return {path for path, text in sources.items() if UTC_DAY.search(text)} - set(ALLOWED)


def bare_casts(sources: dict[str, str]) -> set[str]:
    """Return where SQL makes a day of a moment without saying of which place.

    A parameter (``:name``) and what is made of days alone (``*_on``) are days already.
    """
    found = set()
    for path, text in sources.items():
        for match in SQL_DAY.finditer(text):
            given = next(each for each in match.groups() if each is not None).lower()
            has_place = "at time zone" in given and "at time zone 'utc'" not in given
            of_days = re.search(r"_on\b", given) and not re.search(r"_at\b", given)
            if not (has_place or of_days or given.startswith(":")):
                found.add(f"{path}: {match[0]}")
    return found


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


def test_no_statement_takes_the_day_of_utc_for_a_day_of_the_place() -> None:
    found = sources()
    assert bare_casts(found) == set()
    assert any("::date" in text for text in found.values())  # there are some to be looked at


def test_a_planted_day_of_utc_in_a_statement_is_caught() -> None:
    path = "svc_cases/indicators/repository.py"
    for planted in (
        "and m.starts_at::date between :starts_on and :ends_on",
        "where d.hour::date between :starts_on and :ends_on",
        "select min(created_at)::date from personnel",
        "select (min(k.made_at) - interval '2 years')::date as day",
        "(f.submitted_at at time zone 'UTC')::date between",
        "where cast(e.ended_at as date) < :on",
        "select cast(least(a.starts_at, now()) as date)",
        "select m.starts_at :: DATE",
    ):
        assert len(bare_casts({path: planted})) == 1, planted
    for sound in (
        "(f.signed_at at time zone cast(:zone as text))::date as day",
        "(h.requested_at at time zone s.time_zone)::date between",
        "(min(k.matched_on) - interval '2 years')::date as day",
        "where s.day < cast(:until as date)",
        "cast(:days as date[])",
    ):
        assert bare_casts({path: sound}) == set(), sound
