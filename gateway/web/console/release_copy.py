"""A release as it was signed, on paper: the form's statements, who may be told what, and how."""

from collections.abc import Mapping
from typing import Any

from gateway.web.console.moments import day_text, read_moment
from gateway.web.console.wording import LANGUAGES, catalogue, say
from gateway.web.text_document import Line, document, paragraph


def copy_of(
    release: Mapping[str, Any], name: str, form: Mapping[str, Any] | None, zone: str
) -> bytes:
    """Return a release as PDF, in the language of its form.

    Args:
        release: as the API gives it.
        name: of whom it is, as far as the reader may know it.
        form: the edition of the form, None where it is not kept any more.
        zone: of the site; days are its days.
    """
    language = release["language"] if release["language"] in LANGUAGES else "en"
    named = catalogue(language)

    def day(text: str | None) -> str:
        return day_text(read_moment(text), zone, language) if text else "-"

    facts = [
        ("of", name),
        ("number", str(release["number"])),
        ("form", release["formVersion"] or "-"),
        ("status", named["release_statuses"].get(release["status"], release["status"])),
        ("signed", day(release["signedAt"])),
        ("how", named["methods"].get(release["signatureMethod"], "-")),
        ("discloser", (release["discloser"] or {}).get("name") or "-"),
        ("ends", day(release["expiresAt"])),
    ]
    if release["revokedAt"]:
        facts.append(("revoked", day(release["revokedAt"])))
    lines = [
        Line((form or {}).get("title") or say(language, "copy.title"), is_bold=True),
        Line(""),
        *(Line(f"{say(language, f'copy.{key}')}: {value}") for key, value in facts),
        Line(""),
    ]
    for statement in (form or {}).get("statements") or []:
        lines += paragraph(statement["text"])
    lines += [Line(say(language, "copy.who"), is_bold=True), Line("")]
    for each in release["provisions"] or []:
        lines += _provision(each, named, language, day(each["expiresAt"]))
    if release["documentSha256"]:
        lines += paragraph(say(language, "copy.document", digest=release["documentSha256"]))
    lines += [*paragraph(say(language, "copy.rights")), Line(release["id"])]
    return document(lines, {"en": "en-US", "es": "es-US"}[language])


def _provision(
    each: Mapping[str, Any], named: Mapping[str, Any], language: str, ends: str
) -> list[Line]:
    recipient = (each["recipient"] or {}).get("name") or say(language, "releases.nobody")
    is_denied = each["effect"] == "DENY"
    told = say(language, "releases.must_not_be_told" if is_denied else "releases.may_be_told")
    categories = ", ".join(named["categories"].get(code, code) for code in each["categories"] or [])
    purposes = "; ".join(named["purposes"].get(code, code) for code in each["purposes"] or [])
    lines = [Line(recipient, is_bold=True), *paragraph(f"{told} {categories}", indent="  ")[:-1]]
    lines += paragraph(f"{say(language, 'releases.what_for')} {purposes}", indent="  ")[:-1]
    if each["expiresAt"]:
        lines.append(Line(f"  {say(language, 'releases.ends')} {ends}"))
    return [*lines, Line("")]
