"""Old code goes on running on a database that new migrations have expanded.

Each step of each service is taken on its own, and what the database promised before is compared
with what it promises after: a column that is gone, was renamed, became required or of another type
breaks code of the release before. A step that contracts says so, in a release of its own.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory

from infra.migrations import migrate
from infra.settings import Secret
from tests.architecture.test_layout import ROOT
from tests.fixtures.postgres import ServiceDatabaseFactory

BEFORE_THE_FIRST_RELEASE = {"consent": {"0004"}, "cases": {"0003"}, "training": {"0002"}}
"""Steps that were taken while nothing was deployed anywhere; nothing is added to it any more."""


@dataclass(frozen=True, slots=True)
class Column:
    """What code relies on."""

    kind: str
    is_required: bool
    has_default: bool


Tables = dict[str, dict[str, Column]]


def breaks(before: Tables, after: Tables) -> list[str]:
    """Say what code that was written for the former tables cannot live with."""
    found = []
    for table, columns in before.items():
        if table not in after:
            found.append(f"{table} is gone")
            continue
        for name, column in columns.items():
            now = after[table].get(name)
            if now is None:
                found.append(f"{table}.{name} is gone")
            elif now.kind != column.kind:
                found.append(f"{table}.{name} was {column.kind} and is {now.kind}")
            elif now.is_required and not column.is_required and not now.has_default:
                found.append(f"{table}.{name} has become required")
        found += [
            f"{table}.{name} is new and required"
            for name, now in after[table].items()
            if name not in columns and now.is_required and not now.has_default
        ]
    return found


async def tables_of(dsn: str) -> Tables:
    connection = await asyncpg.connect(dsn)
    rows = await connection.fetch(
        "select table_name, column_name, udt_name, is_nullable, column_default, is_identity "
        "from information_schema.columns where table_schema = 'public'"
    )
    await connection.close()
    found: Tables = {}
    for row in rows:
        has_default = row["column_default"] is not None or row["is_identity"] == "YES"
        column = Column(row["udt_name"], row["is_nullable"] == "NO", has_default)
        found.setdefault(row["table_name"], {})[row["column_name"]] = column
    return found


def steps(package: Path) -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(package / "migrations"))
    walked = ScriptDirectory.from_config(config).walk_revisions()
    return [script.revision for script in reversed(list(walked))]


@pytest.mark.parametrize("service", ["consent", "participants", "cases", "training"])
async def test_each_step_leaves_the_former_code_running(
    service: str, service_database: ServiceDatabaseFactory
) -> None:
    package = ROOT / f"svc_{service}"
    owner, _ = await asyncio.to_thread(service_database, service)
    before: Tables = {}
    wrong: dict[str, list[str]] = {}
    for revision in steps(package):
        await asyncio.to_thread(migrate, package, Secret(owner), revision)
        after = await tables_of(owner)
        if found := breaks(before, after):
            wrong[revision] = found
        before = after
    accepted = BEFORE_THE_FIRST_RELEASE.get(service, set())
    assert {revision: found for revision, found in wrong.items() if revision not in accepted} == {}


REQUIRED, OPTIONAL = Column("text", True, False), Column("text", False, False)


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ({}, "note is gone"),
        ({"note": {}}, "note.text is gone"),
        ({"note": {"text": REQUIRED}}, "note.text has become required"),
        ({"note": {"text": OPTIONAL, "by": REQUIRED}}, "note.by is new and required"),
        ({"note": {"text": Column("jsonb", False, False)}}, "note.text was text and is jsonb"),
    ],
)
def test_a_step_that_breaks_old_code_is_caught(after: Tables, said: str) -> None:
    assert breaks({"note": {"text": OPTIONAL}}, after) == [said]


def test_a_step_that_expands_is_not() -> None:
    after = {"note": {"text": OPTIONAL, "by": Column("text", True, True)}, "more": {"x": REQUIRED}}
    assert breaks({"note": {"text": OPTIONAL}}, after) == []
