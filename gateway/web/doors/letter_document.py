"""The words of a letter to a court, in their order on paper."""

from collections.abc import Mapping
from typing import Any

from gateway.web.text_document import PDF_TYPE, Line, document, paragraph

__all__ = ["PDF_TYPE", "letter_of"]

_NOTICE = (
    "This letter was released to the court named above because the person it is about has agreed"
    " to that, for this case. It may not be used against them in any proceeding, and passed on"
    " only as the law allows. 42 CFR part 2 prohibits unauthorized use or disclosure of these"
    " records."
)


def letter_of(letter: Mapping[str, Any]) -> bytes:
    """Return a letter as PDF.

    Args:
        letter: `CourtLetter` as the API gives it.
    """
    written = str(letter["approvedAt"])[:10]
    lines = [
        Line("LEAD: progress letter", is_bold=True),
        Line(""),
        Line(f"To: {letter['courtName']}"),
        Line(f"Case: {letter['caseNumber']}"),
        Line(f"Re: {letter['defendantName']}"),
        Line(f"Approved on: {written}"),
        Line(""),
        *paragraph(str(letter["participation"])),
        *paragraph(str(letter["statement"])),
    ]
    if letter.get("whatWouldHelp"):
        lines.append(Line("What would help", is_bold=True))
        lines += paragraph(str(letter["whatWouldHelp"]))
    lines += paragraph(_NOTICE)
    lines.append(Line(f"Letter {letter['id']}"))
    return document(lines)
