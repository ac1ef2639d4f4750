"""Old code goes on running on a database that new migrations have expanded.

Each step of each service is taken on its own, and what the database promised before is compared
with what it promises after: a column that is gone, was renamed, became required or of another type
breaks code of the release before. So does a rule that its rows may not keep (a check, a key, a
reference, a trigger), a key that it names in ``on conflict``, and a right that was taken away.
A step that contracts says so, in a release of its own.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
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


_NEVER_DONE = "the service never did it; the right is taken so that nobody can in its name"
NARROWED: Mapping[str, Mapping[str, str]] = {
    "consent": {
        "authority_change has lost DELETE, UPDATE": _NEVER_DONE,
        "participant_pseudonym has lost UPDATE": _NEVER_DONE,
        "participant_pseudonym has lost DELETE": "purges go by a function since then",
        "participant_pseudonym has a new trigger refuse_purged": (
            "refuses a pseudonym of somebody who was purged, and nobody could be before"
        ),
        "release_revocation_order has lost DELETE, UPDATE": _NEVER_DONE,
        "* has a new trigger capture_row": "the journal copies rows after the fact; refuses none",
    },
    "participants": {
        "*_event has a new trigger *_event_append_only": "events were only ever added",
    },
    "cases": {
        "legal_case has lost the key uq_legal_case_number": (
            "two narrower keys stand in its place, and nothing was upserted by it"
        ),
    },
    "training": {
        "training_clearance has lost the key uq_training_clearance_account_id_kind": (
            "nothing was ever stored in the table by then"
        ),
        "training_record has a new trigger training_record_agency": (
            "fills a new column of rows that former code adds; refuses none"
        ),
    },
}
"""Rules and rights that are new all the same, each with why former code lives with it."""


@dataclass(frozen=True, slots=True)
class Column:
    """What code relies on."""

    kind: str
    is_required: bool
    has_default: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """What a table holds its rows to.

    Attributes:
        kind: check, key, reference or trigger.
        columns: those that it looks at; a trigger looks at whatever it likes, and has none.
        text: its definition, without its name.
    """

    kind: str
    columns: frozenset[str]
    text: str

    @property
    def is_plain(self) -> bool:
        """Whether a key is one of columns, for all rows."""
        return self.text.count("(") == 1 and " WHERE " not in self.text


Tables = dict[str, dict[str, Column]]
Rules = dict[str, dict[str, Rule]]
Rights = dict[str, frozenset[str]]


@dataclass(frozen=True, slots=True)
class Promises:
    """What code relies on: the columns, rules and rights of all tables."""

    tables: Tables = field(default_factory=dict)
    rules: Rules = field(default_factory=dict)
    rights: Rights = field(default_factory=dict)


def is_kept_already(new: Rule, old: Mapping[str, Rule]) -> bool:
    """Say whether rows that keep an old key cannot break the new one, which has more columns."""
    has_no_empty = "NULLS NOT DISTINCT" not in new.text
    return (
        new.kind == "key"
        and has_no_empty
        and any(
            rule.kind == "key" and rule.is_plain and rule.columns <= new.columns
            for rule in old.values()
        )
    )


def is_about_nothing_of(columns: Mapping[str, Column], rule: Rule) -> bool:
    """Say whether code that knows these columns alone cannot break a rule: it leaves others empty.

    Where one column is empty a key or a reference asks for nothing; a check may.
    """
    new = rule.columns - columns.keys()
    if rule.kind in ("key", "reference"):
        return bool(new) and "NULLS NOT DISTINCT" not in rule.text
    return bool(new) and new == rule.columns


def narrows(before: Promises, after: Promises) -> Iterator[str]:
    """Say which rows and statements of the former code are refused now.

    Names do not count, for a rule that was renamed or made anew is the same rule.
    """
    for table in before.tables.keys() & after.tables.keys():
        old, new = before.rules.get(table, {}), after.rules.get(table, {})
        held = {(rule.kind, rule.text) for rule in old.values()}
        for name, rule in new.items():
            is_known = (rule.kind, rule.text) in held or is_kept_already(rule, old)
            if not is_known and not is_about_nothing_of(before.tables[table], rule):
                yield f"{table} has a new {rule.kind} {name}"
        holds = {(rule.kind, rule.text) for rule in new.values()}
        for name, rule in old.items():
            if rule.kind == "key" and (rule.kind, rule.text) not in holds:
                yield f"{table} has lost the key {name}"
    for name, rights in before.rights.items():
        lost = rights - after.rights.get(name, frozenset())
        if lost and (name in after.rights or name.partition(".")[0] in after.tables):
            yield f"{name} has lost {', '.join(sorted(lost))}"


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


_COLUMNS = """
select table_name, column_name, udt_name, is_nullable, column_default, is_identity
from information_schema.columns where table_schema = 'public'
"""
_CONSTRAINTS = """
select conrelid::regclass::text as table, conname as name,
       case contype when 'c' then 'check' when 'f' then 'reference' end as kind,
       pg_get_constraintdef(oid) as text,
       array(select attname::text from pg_attribute
             where attrelid = conrelid and attnum = any(conkey)) as columns
from pg_constraint where connamespace = 'public'::regnamespace and contype in ('c', 'f')
"""
# Of a key the index is what counts, whether a constraint stands on it or not.
_KEYS = """
select indrelid::regclass::text as table, key.relname as name, 'key' as kind,
       regexp_replace(pg_get_indexdef(indexrelid), '^.* ON ', '') as text,
       array(select attname::text from pg_attribute
             where attrelid = indrelid and attnum = any(indkey::int2[])) as columns
from pg_index join pg_class key on key.oid = indexrelid
where indisunique and key.relnamespace = 'public'::regnamespace
"""
_TRIGGERS = """
select tgrelid::regclass::text as table, tgname as name, 'trigger' as kind,
       regexp_replace(pg_get_triggerdef(pg_trigger.oid), '^CREATE.* TRIGGER \\S+ ', '') as text,
       '{}'::text[] as columns
from pg_trigger join pg_class held on held.oid = tgrelid
where not tgisinternal and held.relnamespace = 'public'::regnamespace
"""
_RIGHTS = """
select relname::text as name, privilege_type as right_
from pg_class, aclexplode(relacl) as given
where relnamespace = 'public'::regnamespace and given.grantee <> relowner
union all
select relname || '.' || attname, privilege_type
from pg_attribute join pg_class on pg_class.oid = attrelid, aclexplode(attacl) as given
where relnamespace = 'public'::regnamespace and given.grantee <> relowner
"""


async def promises_of(dsn: str) -> Promises:
    connection = await asyncpg.connect(dsn)
    try:
        rows = {
            about: await connection.fetch(query)
            for about, query in (("columns", _COLUMNS), ("rights", _RIGHTS))
        }
        held = [
            row
            for query in (_CONSTRAINTS, _KEYS, _TRIGGERS)
            for row in await connection.fetch(query)
        ]
    finally:
        await connection.close()
    found = Promises()
    for row in rows["columns"]:
        has_default = row["column_default"] is not None or row["is_identity"] == "YES"
        column = Column(row["udt_name"], row["is_nullable"] == "NO", has_default)
        found.tables.setdefault(row["table_name"], {})[row["column_name"]] = column
    for row in held:
        rule = Rule(row["kind"], frozenset(row["columns"]), row["text"])
        found.rules.setdefault(row["table"], {})[row["name"]] = rule
    for row in rows["rights"]:
        found.rights[row["name"]] = found.rights.get(row["name"], frozenset()) | {row["right_"]}
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
    accepted_rules = NARROWED.get(service, {})
    before = Promises()
    wrong: dict[str, list[str]] = {}
    met: set[str] = set()
    for revision in steps(package):
        await asyncio.to_thread(migrate, package, Secret(owner), revision)
        after = await promises_of(owner)
        found = breaks(before.tables, after.tables)
        for each in narrows(before, after):
            patterns = [pattern for pattern in accepted_rules if fnmatchcase(each, pattern)]
            met.update(patterns)
            found += [] if patterns else [each]
        if found:
            wrong[revision] = sorted(found)
        before = after
    accepted = BEFORE_THE_FIRST_RELEASE.get(service, set())
    assert {revision: found for revision, found in wrong.items() if revision not in accepted} == {}
    assert met == accepted_rules.keys()  # none is left over for something else to hide behind


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


NOTE = Promises(
    {"note": {"text": OPTIONAL, "by": OPTIONAL}},
    {"note": {"uq_note": Rule("key", frozenset({"by"}), "note USING btree (by)")}},
    {"note": frozenset({"INSERT", "SELECT"}), "note.text": frozenset({"UPDATE"})},
)


async def held_to(dsn: str, statement: str) -> list[str]:
    """Take a step on a real table; say what it narrows."""
    connection = await asyncpg.connect(dsn)
    try:
        before = await promises_of(dsn)
        await connection.execute(statement)
        return sorted(narrows(before, await promises_of(dsn)))
    finally:
        await connection.close()


async def test_a_step_that_narrows_is_caught_on_a_real_table(
    service_database: ServiceDatabaseFactory,
) -> None:
    """Planted, each: the former code's rows are refused, or its statements."""
    owner, runtime = await asyncio.to_thread(service_database, "training")
    connection = await asyncpg.connect(runtime)
    role = await connection.fetchval("select current_user")
    await connection.close()
    made = await asyncpg.connect(owner)
    await made.execute(
        "create table kind (id int primary key);"
        "create table note (id int primary key, text text, by int, constraint uq_by unique (by));"
        f'grant select, insert, update on note to "{role}";'
        "create function refuse() returns trigger language plpgsql as 'begin return null; end'"
    )
    await made.close()
    for statement, said in (
        ("alter table note add constraint short check (length(text) < 9)", "a new check short"),
        ("alter table note add constraint one unique (text)", "a new key one"),
        ("create unique index few on note (lower(text)) where by is null", "a new key few"),
        ("alter table note add foreign key (by) references kind", "a new reference note_by_fkey"),
        (
            "create trigger no before insert on note for each row execute function refuse()",
            "a new trigger no",
        ),
        ("alter table note drop constraint uq_by", "lost the key uq_by"),
        ("create unique index whole on note (by, id) nulls not distinct", "a new key whole"),
        ("alter table note add column x int, add check (x > by)", "a new check note_check"),
        (f'revoke insert on note from "{role}"', "lost INSERT"),
    ):
        assert await held_to(owner, statement) == [f"note has {said}"], statement
    for statement in (
        "alter table note add column seen int references kind check (seen > 0) unique",
        "alter table note rename constraint one to single",
        "alter table note add constraint wider unique (text, by)",
        "alter table note add column third int, add constraint with_new unique (by, third)",
        "alter table note drop constraint short",
        "create index on note (by)",
        "create table beside (id int primary key, text text not null check (text <> ''))",
    ):
        assert await held_to(owner, statement) == [], statement


def test_a_right_to_a_column_is_missed_as_well() -> None:
    after = Promises(NOTE.tables, NOTE.rules, {"note": NOTE.rights["note"]})
    assert list(narrows(NOTE, after)) == ["note.text has lost UPDATE"]
    assert list(narrows(NOTE, NOTE)) == []
    # A table that is gone is said once, as that.
    assert list(narrows(NOTE, Promises())) == []
