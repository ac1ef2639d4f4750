"""Figures as CSV: every cell, suppressed ones empty, and only what the gateway gives."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from graphql import build_schema, parse, validate

from infra.cli import extract
from infra.cli.data_folder import REPOSITORY, DataFolder
from infra.cli.errors import CommandError

TABLE = {
    "key": "DECISION", "title": "What became of referrals", "population": "People",
    "period": "2026", "split": "RACE",
    "groups": [
        {"code": "WHITE", "people": 40, "cells": [
            {"outcome": "TAKEN_UP", "title": "Taken up.", "people": 20, "share": 0.5,
             "equityRatio": 1.0},
        ]},
        {"code": "ASIAN", "people": None, "cells": [
            {"outcome": "TAKEN_UP", "title": "Taken up, or \"held\".", "people": None,
             "share": None, "equityRatio": None},
        ]},
    ],
}  # fmt: skip


def rows_of(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_every_cell_is_a_row_and_what_is_suppressed_is_empty() -> None:
    white, asian = rows_of(extract.as_csv([{"reachIndicators": [TABLE], "legalIndicators": None}]))
    assert (white["group"], white["people"], white["equity_ratio"]) == ("WHITE", "20", "1.0")
    assert asian["outcome_title"] == 'Taken up, or "held".'
    assert {asian[name] for name in ("group_people", "people", "share", "equity_ratio")} == {""}


def asked(monkeypatch: pytest.MonkeyPatch, status: int, data: Any) -> list[str]:
    splits: list[str] = []

    def post(_folder: DataFolder, _who: str, _why: str, _query: str, given: Any) -> Any:
        splits.append(given["by"])
        return status, {"data": data}

    monkeypatch.setattr(extract, "post", post)
    monkeypatch.setattr(extract, "first_purpose", lambda *_: "LEAD_EVAL")
    return splits


def test_all_groups_that_the_law_names_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    splits = asked(monkeypatch, 200, {"reachIndicators": [TABLE]})
    found = rows_of(extract.extract(DataFolder(Path("nowhere")), "pcg_member", 4))
    assert {"RACE", "GENDER", "SEX", "DISABILITY", "AGE"} <= set(splits)
    assert len(found) == 2 * len(splits)


@pytest.mark.parametrize(("status", "data"), [(200, {"reachIndicators": None}), (403, None)])
def test_whoever_has_no_figures_gets_no_file(
    monkeypatch: pytest.MonkeyPatch, status: int, data: Any
) -> None:
    asked(monkeypatch, status, data)
    with pytest.raises(CommandError):
        extract.extract(DataFolder(Path("nowhere")), "officer", 4)


def test_what_is_asked_is_in_the_schema() -> None:
    text = (REPOSITORY / "gateway" / "supergraph.graphql").read_text(encoding="utf-8")
    schema = build_schema(text, assume_valid=True)
    assert validate(schema, parse(extract.QUERY)) == []
