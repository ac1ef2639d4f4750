"""Every column that a service keeps has a category, and a new one needs it at once (PC-04)."""

import importlib
import pkgutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infra.tables import Base
from infra.vocabulary import Category

_FILE = Path(__file__).with_name("columns.toml")
_SERVICES = ("svc_participants", "svc_cases")
_OWN = "OWN"


def _kept() -> dict[tuple[str, str], set[str]]:
    """Return the columns of each table that a service declares itself."""
    for service in _SERVICES:
        package = importlib.import_module(service)
        for module in pkgutil.walk_packages(package.__path__, f"{service}."):
            if ".tables" in module.name:
                importlib.import_module(module.name)
    found = {}
    for mapper in Base.registry.mappers:
        service = mapper.class_.__module__.partition(".")[0]
        table: Any = mapper.local_table
        if service in _SERVICES:
            found[service, str(table.name)] = {str(each.name) for each in table.columns}
    return found


def _problems(said: Mapping[str, Any], kept: Mapping[tuple[str, str], set[str]]) -> list[str]:
    listed = {(service, name): row for service, rows in said.items() for name, row in rows.items()}
    problems = [f"{'.'.join(each)} has no category" for each in kept.keys() - listed.keys()]
    problems += [f"{'.'.join(each)} is not there" for each in listed.keys() - kept.keys()]
    for key, row in listed.items():
        elsewhere = row.get("elsewhere", {})
        categories = {row["category"], *elsewhere}
        unknown = categories - {each.value for each in Category} - {_OWN}
        problems += [f"{'.'.join(key)}: {each} is no category" for each in unknown]
        named = row["columns"].split()
        for names in elsewhere.values():
            named += names.split()
        columns = kept.get(key, set())
        problems += [f"{'.'.join(key)}.{each} has no category" for each in columns - set(named)]
        problems += [f"{'.'.join(key)}.{each} is not there" for each in set(named) - columns]
        if len(named) != len(set(named)):
            problems.append(f"{'.'.join(key)} names a column twice")
    return sorted(problems)


def _said() -> dict[str, Any]:
    return tomllib.loads(_FILE.read_text(encoding="utf-8"))


def test_every_column_has_a_category() -> None:
    """PC-04: no column is kept that nobody has looked at."""
    assert _problems(_said(), _kept()) == []


@pytest.mark.parametrize(
    ("table", "column"), [("case_note", "mood"), ("participant_contact", "last_seen_at")]
)
def test_a_new_column_without_a_category_is_found(table: str, column: str) -> None:
    """Planted: a migration adds a column and nobody says what it is (PC-04)."""
    kept = _kept()
    kept["svc_participants", table] = {*kept["svc_participants", table], column}
    assert _problems(_said(), kept) == [f"svc_participants.{table}.{column} has no category"]
