"""What a piece of the resource library says about itself. Pure."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from infra.errors import RuleError

MAX_TITLE, MAX_SUMMARY, MAX_BODY, MAX_TAGS = 200, 1000, 40_000, 12
_SLUG = re.compile(r"^[a-z0-9](?:[a-z0-9-]{0,78}[a-z0-9])?$")
_TAG = re.compile(r"^[\w][\w &'/-]{0,39}$")
_LINK = re.compile(r"^https://[^\s/?#]+\.[^\s]+$")


class LibraryCategory(StrEnum):
    """Shelves of the library, as the LEAD toolkit has them."""

    COMMUNICATIONS = "COMMUNICATIONS"
    LEAD_101 = "LEAD_101"
    DATA_AND_EVALUATIONS = "DATA_AND_EVALUATIONS"
    PROJECT_MANAGEMENT = "PROJECT_MANAGEMENT"
    GLOSSARY = "GLOSSARY"


@dataclass(frozen=True, slots=True)
class ResourceContent:
    """A resource as its publisher writes it: a link to it, or the text itself."""

    slug: str
    title: str
    summary: str
    category: LibraryCategory
    tags: tuple[str, ...]
    is_printable: bool
    link: str | None
    body: str | None
    updated_on: date


def checked(content: ResourceContent) -> ResourceContent:
    """Return a resource with blanks squeezed.

    Raises:
        RuleError: a field is missing, too long or not of its form.
    """
    if not _SLUG.match(content.slug):
        message = "A short name has lower-case letters, digits and hyphens (1 to 80)."
        raise RuleError("BAD_SLUG", message, ("input", "slug"))
    title = " ".join(content.title.split())
    summary = " ".join(content.summary.split())
    if not 1 <= len(title) <= MAX_TITLE:
        raise RuleError("BAD_TITLE", f"1 to {MAX_TITLE} characters.", ("input", "title"))
    if len(summary) > MAX_SUMMARY:
        raise RuleError("BAD_SUMMARY", f"Up to {MAX_SUMMARY} characters.", ("input", "summary"))
    tags = tuple(dict.fromkeys(" ".join(tag.split()) for tag in content.tags))
    if len(tags) > MAX_TAGS or not all(_TAG.match(tag) for tag in tags):
        message = f"Up to {MAX_TAGS} tags of 1 to 40 characters."
        raise RuleError("BAD_TAG", message, ("input", "tags"))
    link, body = content.link or None, (content.body or "").strip() or None
    if (link is None) is (body is None):
        message = "Give either a link to it or its text."
        raise RuleError("LINK_OR_BODY", message, ("input", "link"))
    if link is not None and not _LINK.match(link):
        raise RuleError("BAD_LINK", "A link begins with https://.", ("input", "link"))
    if body is not None and len(body) > MAX_BODY:
        raise RuleError("BAD_BODY", f"Up to {MAX_BODY} characters.", ("input", "body"))
    return ResourceContent(
        content.slug,
        title,
        summary,
        content.category,
        tags,
        content.is_printable,
        link,
        body,
        content.updated_on,
    )
