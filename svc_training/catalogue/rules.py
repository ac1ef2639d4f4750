"""What a course page says about its course: a parser that loses nothing and guesses nothing.

The page is the academy's public text as a person copies it: a title, paragraphs, how to register,
a contact, who may attend, the law behind it, and a table of sessions (read by
``svc_training.sessions.rules``). What is not understood becomes a row error with its line number;
everything else is kept. Statute sections without a code are Washington's (RCW), as on that page.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from infra.errors import RuleError

MAX_PAGE_CHARACTERS = 262_144
MAX_CATEGORY_LENGTH = 80
_MAX_ERROR_TEXT = 120

_LINE_BREAK = re.compile(r"\r\n|\r|\n")
_REGISTRATION = re.compile(r"^to register\b", re.IGNORECASE)
_CONTACT = re.compile(r"^(?P<name>[^()\d]{3,80}?)\s*\((?P<role>[^()]*[A-Za-z][^()]*)\)$")
_PHONE = re.compile(r"^(?:\+?1[\s.-]*)?\(?(\d{3})\)?[\s.-]*(\d{3})\s*[.-]?\s*(\d{4})$")
_AUDIENCE = re.compile(r"^who can attend\b.*?[?:]\s*(?P<rest>.*)$", re.IGNORECASE)
_AUTHORITY = re.compile(r"^.*\bguided by\b:?\s*(?P<rest>.+)$", re.IGNORECASE)
_SESSIONS = re.compile(r"^training sessions:?$", re.IGNORECASE)
_TABLE_HEAD = re.compile(r"^session\b.*\bstatus$", re.IGNORECASE)
_SESSION_START = re.compile(r"^\d{4}-\d{1,3}\s.*\d/\d")
_STATUTE_SECTION = re.compile(r"^\d+[A-Z]?\.\d+\.\d+$")
_STATUTE = re.compile(r"^(?:RCW)\s*(\d+[A-Z]?\.\d+\.\d+)$", re.IGNORECASE)


class ImportOutcome(StrEnum):
    """What an import did to one row."""

    CREATED = "CREATED"
    UPDATED = "UPDATED"
    UNCHANGED = "UNCHANGED"


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the page that is not blank: its number from 1, and its text, blanks squeezed."""

    number: int
    text: str


@dataclass(frozen=True, slots=True)
class RowError:
    """Something on the page that was not understood.

    Attributes:
        line: number of the line, from 1.
        code: stable, upper-case.
        message: what is wrong and what would be right.
        text: the line as it stands, cut to 120 characters.
    """

    line: int
    code: str
    message: str
    text: str


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask about a course; the telephone number in one form, and as it stood."""

    name: str
    role: str
    phone: str | None
    raw_phone: str | None


@dataclass(frozen=True, slots=True)
class CourseDetails:
    """The course as the page describes it; its number is that of its sessions."""

    title: str
    description: str
    contact: Contact | None
    audience: tuple[str, ...]
    raw_audience: str | None
    authority: tuple[str, ...]
    raw_authority: str | None
    registration_text: str | None


@dataclass(frozen=True, slots=True)
class PageHead:
    """What stands above the table of sessions, and the lines of that table."""

    details: CourseDetails | None
    session_lines: tuple[Line, ...]
    errors: tuple[RowError, ...]


MAX_VALIDITY_MONTHS = 120


@dataclass(frozen=True, slots=True)
class CourseTerms:
    """How a course counts: category, months for which a certificate holds, still offered."""

    training_category: str | None
    validity_months: int | None
    is_active: bool


def checked_terms(terms: CourseTerms) -> CourseTerms:
    """Return the terms of a course with blanks squeezed.

    Raises:
        RuleError: the category is too long, or the months are out of range.
    """
    category = " ".join((terms.training_category or "").split()) or None
    if category is not None and len(category) > MAX_CATEGORY_LENGTH:
        message = f"A category has at most {MAX_CATEGORY_LENGTH} characters."
        raise RuleError("BAD_CATEGORY", message, ("input", "trainingCategory"))
    months = terms.validity_months
    if months is not None and not 1 <= months <= MAX_VALIDITY_MONTHS:
        message = f"A certificate holds for 1 to {MAX_VALIDITY_MONTHS} months."
        raise RuleError("BAD_VALIDITY", message, ("input", "validityMonths"))
    return CourseTerms(category, months, terms.is_active)


class PageUnreadableError(ValueError):
    """The text is no course page at all; the message says why."""


def row_error(line: Line, code: str, message: str) -> RowError:
    """Return a row error about a line."""
    return RowError(line.number, code, message, line.text[:_MAX_ERROR_TEXT])


def split_lines(text: str) -> tuple[Line, ...]:
    """Return the lines of a page that are not blank, with runs of blanks made one.

    Raises:
        PageUnreadableError: empty, too long, or not plain text.
    """
    if len(text) > MAX_PAGE_CHARACTERS:
        raise PageUnreadableError(f"A course page has at most {MAX_PAGE_CHARACTERS} characters.")
    if "\x00" in text:
        raise PageUnreadableError("The file is not plain text.")
    numbered = enumerate(_LINE_BREAK.split(text.removeprefix("\ufeff")), start=1)
    lines = tuple(Line(number, " ".join(raw.split())) for number, raw in numbered if raw.strip())
    if not lines:
        raise PageUnreadableError("The course page is empty.")
    return lines


def normalise_phone(text: str) -> str | None:
    """Return a North American telephone number as ``(206) 793-2615``, or None if it is none."""
    match = _PHONE.match(text)
    return f"({match[1]}) {match[2]}-{match[3]}" if match else None


def read_authority(text: str) -> tuple[str, ...]:
    """Return the laws in a list such as ``ESB 5476; 43.101.205``; bare sections are of the RCW."""
    found: list[str] = []
    for part in re.split(r"[;,]|\band\b", text):
        citation = part.strip().rstrip(".")
        if _STATUTE_SECTION.match(citation):
            citation = f"RCW {citation}"
        elif statute := _STATUTE.match(citation):
            citation = f"RCW {statute[1]}"
        if citation and citation not in found:
            found.append(citation)
    return tuple(found)


def read_audience(text: str) -> tuple[str, ...]:
    """Return the groups in a comma-separated list, each once."""
    groups = (part.strip().rstrip(".") for part in re.split(r"[,;]", text))
    return tuple(dict.fromkeys(group for group in groups if group))


class _HeadReader:
    """Reads the lines above the sessions, one after the other."""

    def __init__(self) -> None:
        self.title: Line | None = None
        self.description: list[str] = []
        self.registration: str | None = None
        self.contact: tuple[str, str] | None = None
        self.phone: str | None = None
        self.audience: list[str] | None = None
        self.authority: str | None = None
        self.errors: list[RowError] = []

    def take(self, line: Line) -> None:
        """Read one line."""
        if self.title is None:
            self.title = line
        elif _REGISTRATION.match(line.text) and self.registration is None:
            self.registration = line.text
        elif (heading := _AUDIENCE.match(line.text)) and self.audience is None:
            self.audience = [heading["rest"]] if heading["rest"] else []
        elif (law := _AUTHORITY.match(line.text)) and self.registration is not None:
            self.authority = law["rest"]
        elif self.registration is None and self.audience is None:
            self.description.append(line.text)
        else:
            self._take_detail(line)

    def _take_detail(self, line: Line) -> None:
        person = _CONTACT.match(line.text)
        if self.audience is not None and not self.audience:
            self.audience.append(line.text)
        elif person is not None and self.contact is None:
            self.contact = (person["name"].strip(), person["role"].strip())
        elif normalise_phone(line.text) is not None and self.phone is None:
            self.phone = line.text
        else:
            self.errors.append(
                row_error(line, "UNRECOGNISED_LINE", "This line is no known part of a course page.")
            )

    def details(self) -> CourseDetails | None:
        """Return what was read, or None without even a title."""
        if self.title is None:
            return None
        contact = None
        if self.contact is not None:
            phone = None if self.phone is None else normalise_phone(self.phone)
            contact = Contact(*self.contact, phone, self.phone)
        raw_audience = " ".join(self.audience) if self.audience else None
        return CourseDetails(
            title=self.title.text,
            description="\n\n".join(self.description),
            contact=contact,
            audience=read_audience(raw_audience or ""),
            raw_audience=raw_audience,
            authority=read_authority(self.authority or ""),
            raw_authority=self.authority,
            registration_text=self.registration,
        )


def read_head(lines: tuple[Line, ...]) -> PageHead:
    """Read a course page down to its table of sessions.

    Args:
        lines: as ``split_lines`` returned them.
    """
    reader = _HeadReader()
    for index, line in enumerate(lines):
        starts_table = _SESSIONS.match(line.text) or _TABLE_HEAD.match(line.text)
        if starts_table or _SESSION_START.match(line.text):
            below = tuple(
                each
                for each in lines[index:]
                if not (_SESSIONS.match(each.text) or _TABLE_HEAD.match(each.text))
            )
            return PageHead(reader.details(), below, tuple(reader.errors))
        reader.take(line)
    return PageHead(reader.details(), (), tuple(reader.errors))
