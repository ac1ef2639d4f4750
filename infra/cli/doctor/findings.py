"""What the doctor says: one line a finding, and one line over all of them."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """How serious a finding is; a failure makes the exit status 1."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at.

    Attributes:
        check: which of the doctor's questions, for example ``ledger``.
        subject: about which program, issuer or site; empty for the whole deployment.
        outcome: how serious it is.
        message: what was found; never a secret, never data about a person.
        advice: what to do, empty when all is well.
    """

    check: str
    subject: str
    outcome: Outcome
    message: str
    advice: str = ""


def ok(check: str, subject: str, message: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(check, subject, Outcome.OK, message)


def warn(check: str, subject: str, message: str, advice: str) -> Finding:
    """Return a finding that somebody should look at."""
    return Finding(check, subject, Outcome.WARN, message, advice)


def fail(check: str, subject: str, message: str, advice: str) -> Finding:
    """Return a finding with which nothing should be served."""
    return Finding(check, subject, Outcome.FAIL, message, advice)


def has_failed(findings: Iterable[Finding]) -> bool:
    """Return whether any finding is a failure."""
    return any(each.outcome is Outcome.FAIL for each in findings)


def _counts(findings: Sequence[Finding]) -> dict[str, int]:
    return {outcome.value: sum(each.outcome is outcome for each in findings) for outcome in Outcome}


def summary(findings: Sequence[Finding]) -> str:
    """Return the one line over all findings."""
    counts = _counts(findings)
    return f"doctor: {counts['ok']} ok, {counts['warn']} warnings, {counts['fail']} failures"


def as_text(findings: Sequence[Finding]) -> str:
    """Return a line for each finding, the advice below it, and the summary last."""
    lines: list[str] = []
    for each in findings:
        about = f"{each.check} {each.subject}".rstrip()
        lines.append(f"{each.outcome.value:<5} {about}: {each.message}")
        if each.advice:
            lines.append(f"      -> {each.advice}")
    return "\n".join([*lines, summary(findings)]) + "\n"


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    """Return the findings for programs."""
    return {
        "findings": [asdict(each) for each in findings],
        "counts": _counts(findings),
        "summary": summary(findings),
    }
