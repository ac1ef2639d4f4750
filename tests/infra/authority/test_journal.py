"""The journal's lines: which count, and that nothing damaged or missing is taken for nothing."""

from pathlib import Path
from uuid import uuid4

import pytest

from infra.authority.journal import Journal, JournalError, JournalLostError, Line

DATABASE = "a-database"


def line(after: Line | None, revision: int, *, at: str = "2026-01-01T00:00:00+00:00") -> Line:
    row = ("release", "UPDATE", {"id": revision, "note": "tab\tand\nline end"})
    return Line(str(uuid4()), None if after is None else after.id, revision, at, [row])


def read(folder: Path, start: Line | None = None) -> list[int]:
    found = Journal(folder, "reader").after(DATABASE, None if start is None else start.id)
    return [each.revision for each in found]


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path, "writer")


def write(journal: Journal, *lines: Line) -> None:
    for each in lines:
        journal.append(DATABASE, each)


def files(folder: Path) -> list[Path]:
    return sorted((folder / DATABASE).iterdir())


def test_lines_come_back_in_order_with_their_rows(journal: Journal, tmp_path: Path) -> None:
    first = line(None, 1)
    second = line(first, 2)
    write(journal, first, second)
    found = journal.after(DATABASE, None)
    assert [each.id for each in found] == [first.id, second.id]
    assert found[1].rows[0][2] == {"id": 2, "note": "tab\tand\nline end"}
    assert read(tmp_path, first) == [2]
    assert read(tmp_path, second) == []


def test_lines_of_several_processes_are_one_chain(tmp_path: Path) -> None:
    first = line(None, 1)
    second = line(first, 2)
    third = line(second, 3)
    write(Journal(tmp_path, "one"), first, third)
    write(Journal(tmp_path, "two"), second)
    assert read(tmp_path) == [1, 2, 3]


def test_a_later_try_at_the_same_place_counts(journal: Journal, tmp_path: Path) -> None:
    first = line(None, 1)
    lost = line(first, 2, at="2026-01-01T00:00:01+00:00")
    after_lost = line(lost, 3, at="2026-01-01T00:00:01+00:00")
    made = line(first, 2, at="2026-01-01T00:00:02+00:00")
    write(journal, first, lost, after_lost, made)
    assert [each.id for each in journal.after(DATABASE, None)] == [first.id, made.id]


def test_a_newer_timeline_counts_whatever_the_clock_says(journal: Journal) -> None:
    first = line(None, 1)
    old = line(first, 2, at="2026-01-02T00:00:00+00:00")
    new = line(first, 1 << 32, at="2026-01-01T00:00:00+00:00")
    write(journal, first, new, old)
    assert journal.after(DATABASE, first.id)[0].id == new.id


def test_a_withdrawn_line_does_not_count(journal: Journal, tmp_path: Path) -> None:
    first = line(None, 1)
    second = line(first, 2)
    write(journal, first, second)
    journal.withdraw(DATABASE, [second.id])
    assert read(tmp_path) == [1]


def test_what_was_cut_off_at_the_end_was_never_acknowledged(
    journal: Journal, tmp_path: Path
) -> None:
    first = line(None, 1)
    write(journal, first, line(first, 2))
    (path,) = files(tmp_path)
    content = path.read_bytes()
    for lost in (1, 20, len(content.splitlines()[1]) - 1):
        path.write_bytes(content[:-lost])
        assert read(tmp_path) == [1]


def test_a_damaged_line_in_the_middle_is_no_end(journal: Journal, tmp_path: Path) -> None:
    first = line(None, 1)
    second = line(first, 2)
    write(journal, first, second, line(second, 3))
    (path,) = files(tmp_path)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    with pytest.raises(JournalError):
        read(tmp_path)


def test_a_journal_without_the_line_to_start_from_is_not_this_databases(
    journal: Journal, tmp_path: Path
) -> None:
    first = line(None, 1)
    write(journal, first)
    with pytest.raises(JournalLostError):
        read(tmp_path, line(None, 1))
    with pytest.raises(JournalLostError):
        Journal(tmp_path, "reader").after("another", first.id)
    assert Journal(tmp_path, "reader").after("another", None) == []


def test_after_a_failed_write_the_next_line_begins_another_file(
    journal: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = line(None, 1)
    write(journal, first)

    def broken(_descriptor: int) -> None:
        raise OSError

    with monkeypatch.context() as patch:
        patch.setattr("infra.authority.journal.os.fsync", broken)
        with pytest.raises(JournalError):
            write(journal, line(first, 2, at="2026-01-01T00:00:01+00:00"))
    made = line(first, 2, at="2026-01-01T00:00:02+00:00")
    write(journal, made)
    assert len(files(tmp_path)) == 2
    assert journal.after(DATABASE, first.id)[0].id == made.id


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(JournalError):
        write(Journal(tmp_path / "file", "writer"), line(None, 1))


def test_files_are_for_the_owner_alone(journal: Journal, tmp_path: Path) -> None:
    write(journal, line(None, 1))
    (path,) = files(tmp_path)
    assert [each.stat().st_mode & 0o077 for each in (path, path.parent)] == [0, 0]
