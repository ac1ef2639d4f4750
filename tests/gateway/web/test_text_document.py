"""A text document is a PDF whose table of places is right, the same for the same words."""

import re

from gateway.web.text_document import Line, document, encoded, paragraph


def test_places_of_objects_are_where_the_table_says() -> None:
    made = document([Line("Title", is_bold=True), *paragraph("word " * 2000)])
    assert made == document([Line("Title", is_bold=True), *paragraph("word " * 2000)])
    start = int(re.findall(rb"startxref\n(\d+)", made)[0])
    assert made[start : start + 4] == b"xref"
    places = [int(each) for each in re.findall(rb"(\d{10}) 00000 n", made[start:])]
    for number, place in enumerate(places, start=1):
        assert made[place:].startswith(b"%d 0 obj" % number)
    assert made.count(b"/Type /Page ") > 1


def test_signs_of_other_languages_and_of_the_format_are_written_safely() -> None:
    assert encoded("¿Quién? (sí) \\") == b"(\xbfQui\xe9n? \\(s\xed\\) \\\\)"
    assert encoded("Łukasz\n") in (b"(Lukasz)", b"(ukasz)", b"(?ukasz)")


def test_a_paragraph_breaks_at_words_and_keeps_its_indent() -> None:
    lines = [each.text for each in paragraph("word " * 60, indent="  ")]
    assert all(line.startswith("  word") for line in lines[:-1])
    assert max(map(len, lines)) <= 84
    assert lines[-1] == ""
