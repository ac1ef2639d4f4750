"""The history of benchmarks is a table that can be read, and grows at its end."""

from pathlib import Path

from tests.bench.history import COLUMNS, HISTORY, note, read


def test_every_row_is_complete_and_in_order() -> None:
    assert HISTORY.read_text().splitlines()[0] == ",".join(COLUMNS)
    rows = read()
    assert all(float(row["value"]) > 0 and row["bench"] and row["ratio"] for row in rows)
    assert [row["date"] for row in rows] == sorted(row["date"] for row in rows)


def test_a_run_appends_its_ratios(tmp_path: Path) -> None:
    history = tmp_path / "history.csv"
    history.write_text(",".join(COLUMNS) + "\n")
    note("x", {"b / a": 1.5, "a / b": 0.5}, history)
    assert [(row["ratio"], row["value"]) for row in read(history)] == [
        ("a / b", "0.5"), ("b / a", "1.5"),
    ]  # fmt: skip
