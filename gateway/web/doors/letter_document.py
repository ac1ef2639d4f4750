"""A letter to a court as a PDF (ISO 32000-1), made of text alone and the same for the same words.

Written here in full, with the standard fonts that every reader has: a document of one page or
two needs no library, and nothing of the machine, the hour or the author gets into the file.
Characters that these fonts lack (WinAnsi has those of western Europe) lose their marks.
"""

import textwrap
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

PDF_TYPE = "application/pdf"
_WIDTH, _HEIGHT, _MARGIN = 612, 792, 72
_SIZE, _LEADING = 11, 16
_COLUMNS = 84
_LINES = (_HEIGHT - 2 * _MARGIN) // _LEADING
_NOTICE = (
    "This letter was released to the court named above because the person it is about has agreed"
    " to that, for this case. It may not be used against them in any proceeding, and passed on"
    " only as the law allows. 42 CFR part 2 prohibits unauthorized use or disclosure of these"
    " records."
)


@dataclass(frozen=True, slots=True)
class _Line:
    text: str
    is_bold: bool = False


def letter_of(letter: Mapping[str, Any]) -> bytes:
    """Return a letter as PDF.

    Args:
        letter: `CourtLetter` as the API gives it.
    """
    written = str(letter["approvedAt"])[:10]
    lines = [
        _Line("LEAD: progress letter", is_bold=True),
        _Line(""),
        _Line(f"To: {letter['courtName']}"),
        _Line(f"Case: {letter['caseNumber']}"),
        _Line(f"Re: {letter['defendantName']}"),
        _Line(f"Approved on: {written}"),
        _Line(""),
        *_paragraph(str(letter["participation"])),
        *_paragraph(str(letter["statement"])),
    ]
    if letter.get("whatWouldHelp"):
        lines.append(_Line("What would help", is_bold=True))
        lines += _paragraph(str(letter["whatWouldHelp"]))
    lines += _paragraph(_NOTICE)
    lines.append(_Line(f"Letter {letter['id']}"))
    return _document([lines[at : at + _LINES] for at in range(0, len(lines), _LINES)])


def _paragraph(text: str) -> list[_Line]:
    lines: list[_Line] = []
    for part in text.splitlines():
        lines += [_Line(each) for each in textwrap.wrap(part, _COLUMNS)] or [_Line("")]
    return [*lines, _Line("")]


def _encoded(text: str) -> bytes:
    """Return a text in WinAnsi, as a PDF string holds it."""
    found = bytearray()
    for character in unicodedata.normalize("NFC", text):
        try:
            found += character.encode("cp1252")
        except UnicodeEncodeError:
            plain = unicodedata.normalize("NFKD", character)
            found += plain.encode("cp1252", "ignore") or b"?"
    escaped = bytes(found).replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return b"(" + bytes(each for each in escaped if each >= 0x20) + b")"


def _page(lines: Iterable[_Line]) -> bytes:
    parts = [b"BT", b"%d TL" % _LEADING, b"%d %d Td" % (_MARGIN, _HEIGHT - _MARGIN)]
    for line in lines:
        font = b"/F2" if line.is_bold else b"/F1"
        parts += [b"%s %d Tf" % (font, _SIZE), _encoded(line.text) + b" Tj", b"T*"]
    return b"\n".join([*parts, b"ET"])


def _document(pages: list[list[_Line]]) -> bytes:
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R /Lang (en-US) >>",
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    ]
    kids = []
    for lines in pages:
        number = len(objects) + 1
        kids.append(b"%d 0 R" % number)
        content = _page(lines)
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d]"
            b" /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents %d 0 R >>"
            % (_WIDTH, _HEIGHT, number + 1),
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        ]
    objects[1] = b"<< /Type /Pages /Count %d /Kids [%s] >>" % (len(kids), b" ".join(kids))
    written = bytearray(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")
    places = []
    for number, body in enumerate(objects, start=1):
        places.append(len(written))
        written += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(written)
    written += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    written += b"".join(b"%010d 00000 n \n" % place for place in places)
    written += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (
        len(objects) + 1,
        start,
    )
    return bytes(written)
