"""A document of text as a PDF (ISO 32000-1), the same bytes for the same words.

Written here in full, with the standard fonts that every reader has: a document of a few pages
needs no library, and nothing of the machine, the hour or the author gets into the file.
Characters that these fonts lack (WinAnsi has those of western Europe) lose their marks.
"""

import textwrap
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

PDF_TYPE = "application/pdf"
_WIDTH, _HEIGHT, _MARGIN = 612, 792, 72
_SIZE, _LEADING = 11, 16
_COLUMNS = 84
_LINES = (_HEIGHT - 2 * _MARGIN) // _LEADING


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a document; nothing breaks it."""

    text: str
    is_bold: bool = False


def paragraph(text: str, *, indent: str = "") -> list[Line]:
    """Return a text as lines that fit, with an empty one after it."""
    lines: list[Line] = []
    for part in text.splitlines():
        broken = textwrap.wrap(
            part, _COLUMNS, initial_indent=indent, subsequent_indent=" " * len(indent)
        )
        lines += [Line(each) for each in broken] or [Line("")]
    return [*lines, Line("")]


def document(lines: list[Line], language: str = "en-US") -> bytes:
    """Return lines as a document, on as many pages as they need.

    Args:
        language: of the text, for who has it read aloud.
    """
    pages = [lines[at : at + _LINES] for at in range(0, len(lines), _LINES)]
    objects: list[bytes] = [
        b"<< /Type /Catalog /Pages 2 0 R /Lang (%s) >>" % language.encode("ascii"),
        b"",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
    ]
    kids = []
    for page in pages:
        number = len(objects) + 1
        kids.append(b"%d 0 R" % number)
        content = _page(page)
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


def encoded(text: str) -> bytes:
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


def _page(lines: Iterable[Line]) -> bytes:
    parts = [b"BT", b"%d TL" % _LEADING, b"%d %d Td" % (_MARGIN, _HEIGHT - _MARGIN)]
    for line in lines:
        font = b"/F2" if line.is_bold else b"/F1"
        parts += [b"%s %d Tf" % (font, _SIZE), encoded(line.text) + b" Tj", b"T*"]
    return b"\n".join([*parts, b"ET"])
