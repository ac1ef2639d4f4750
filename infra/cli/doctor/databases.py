"""Databases: who may do what in them, how new they are, how safely they keep what they are told.

Everything is asked as the runtime role, of PostgreSQL itself: what it answers is what it enforces.
"""

from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import asyncpg

from infra import clock
from infra.cli.doctor.deployment import Program
from infra.cli.doctor.findings import Finding, Outcome, fail, ok, warn
from infra.cli.doctor.issuers import skew
from infra.cli.doctor.programs import package_folder

_TIMEOUT_SECONDS = 5
_OLDEST_SERVER: Final = 150_000

_NEVER_CHANGED = ("UPDATE", "DELETE", "TRUNCATE")
_NEVER_DELETED = ("DELETE", "TRUNCATE")
KEPT: Final[Mapping[str, tuple[str, ...]]] = {
    **dict.fromkeys(
        (
            "accounting_suspension", "authority_change", "directory_event", "emergency_access",
            "handout", "ledger_about", "ledger_entry", "ledger_key", "ledger_signed_head",
            "participant_pseudonym", "privacy_review", "purge_record", "release_revocation_order",
        ),
        _NEVER_CHANGED,
    ),
    **dict.fromkeys(
        ("amendment_request", "court_order", "duty", "incident", "legal_demand"), _NEVER_DELETED
    ),
}  # fmt: skip
"""What the runtime role of ``svc_consent`` may not do to which tables: what was stays what it was.

Partitions count as the table that they are part of.
"""
PROOFS: Final[Mapping[str, tuple[str, ...]]] = {"purge_proof": _NEVER_CHANGED}
"""The same of the services that keep a record of people: whom they have purged stays known."""
_KEEP_RECORDS: Final = frozenset({"svc_participants", "svc_cases"})


async def examine(program: Program) -> list[Finding]:
    """Return what one service's database says."""
    dsn = program.setting("GT_DATABASE_DSN")
    if not dsn.startswith("postgres"):
        return []  # the settings check has said so
    try:
        connection = await asyncpg.connect(dsn, timeout=_TIMEOUT_SECONDS, command_timeout=15)
    except (OSError, TimeoutError, ValueError, asyncpg.PostgresError, asyncpg.InterfaceError) as e:
        advice = "check the address, the password of the role, and that the server runs"
        return [fail("database", program.name, f"cannot sign in: {type(e).__name__}", advice)]
    try:
        return [finding async for finding in _findings(connection, program)]
    except asyncpg.PostgresError as error:
        advice = "run this program's `migrate` with the owner's address, then the doctor again"
        return [fail("database", program.name, f"cannot be read: {type(error).__name__}", advice)]
    finally:
        await connection.close()


async def _findings(connection: Any, program: Program) -> AsyncIterator[Finding]:
    before = clock.now()
    told = await connection.fetchval("select clock_timestamp()")
    middle = before + (clock.now() - before) / 2
    yield skew("clock", f"database of {program.name}", (middle - told).total_seconds())
    async for finding in _role(connection, program):
        yield finding
    migrated = await _migrations(connection, program)
    yield migrated
    async for finding in _server(connection, program):
        yield finding
    if program.name == "svc_consent" and migrated.outcome is Outcome.OK:
        async for finding in _unchanged(connection, "ledger", KEPT):
            yield finding
        async for finding in _sites(connection):
            yield finding
    if program.name in _KEEP_RECORDS and migrated.outcome is Outcome.OK:
        async for finding in _unchanged(connection, "proof", PROOFS):
            yield finding


_ROLE = """
select rolname as name, rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls
         as is_mighty,
       (select count(*) from pg_class where relowner = pg_roles.oid) as owned,
       has_schema_privilege('public', 'CREATE') as may_create,
       (select count(*) from pg_roles owner
        where owner.oid = (select datdba from pg_database where datname = current_database())
          and pg_has_role(current_user, owner.oid, 'MEMBER')) as owners
from pg_roles where rolname = current_user
"""


async def _role(connection: Any, program: Program) -> AsyncIterator[Finding]:
    role = await connection.fetchrow(_ROLE)
    problems = []
    if role["is_mighty"]:
        problems.append(("is more than an ordinary role", "NOSUPERUSER NOCREATEROLE NOCREATEDB"))
    if role["owned"] or role["owners"]:
        problems.append(("owns tables, or may become their owner", "a role that owns nothing"))
    if role["may_create"]:
        problems.append(("may create tables", "REVOKE CREATE ON SCHEMA public"))
    for what, instead in problems:
        yield fail(
            "role", program.name, f"the runtime role {role['name']} {what}",
            f"serve with a role that can only read and write rows: {instead}",
        )  # fmt: skip
    if not problems:
        yield ok("role", program.name, "can read and write rows and nothing else")


async def _migrations(connection: Any, program: Program) -> Finding:
    heads = _heads(program.name)
    advice = f"run `python -m {program.name} migrate` with GT_DATABASE_OWNER_DSN, then restart"
    if await connection.fetchval("select to_regclass('alembic_version')") is None:
        return fail("migrations", program.name, "the database has none", advice)
    at = {row[0] for row in await connection.fetch("select version_num from alembic_version")}
    if at == heads:
        return ok("migrations", program.name, f"at head {', '.join(sorted(heads))}")
    shown = ", ".join(sorted(at)) or "nothing"
    wanted = ", ".join(sorted(heads))
    if at - _known(program.name):
        advice = "deploy the release that made it, or restore a backup of before"
    return fail("migrations", program.name, f"at {shown}, this release wants {wanted}", advice)


def _scripts(package: str) -> Any:
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    folder = package_folder(package)
    config = Config()
    config.set_main_option("script_location", str(folder / "migrations" if folder else ""))
    return ScriptDirectory.from_config(config)


def _heads(package: str) -> set[str]:
    return set(_scripts(package).get_heads())


def _known(package: str) -> set[str]:
    return {script.revision for script in _scripts(package).walk_revisions()}


async def _server(connection: Any, program: Program) -> AsyncIterator[Finding]:
    setting = {
        name: await connection.fetchval("select current_setting($1)", name)
        for name in (
            "server_version_num", "fsync", "full_page_writes", "synchronous_commit",
            "synchronous_standby_names",
        )
    }  # fmt: skip
    if int(setting["server_version_num"]) < _OLDEST_SERVER:
        yield fail("database", program.name, "PostgreSQL older than 15", "upgrade the server")
    unsafe = [name for name in ("fsync", "full_page_writes") if setting[name] == "off"]
    if unsafe:
        message = f"{' and '.join(unsafe)} off: a crash of the machine loses what was recorded"
        yield fail("database", program.name, message, "switch it on in postgresql.conf")
    elif setting["synchronous_commit"] == "off":
        message = "synchronous_commit is off: the last changes can be lost"
        yield fail("database", program.name, message, "ALTER ROLE ... RESET synchronous_commit")
    else:
        yield ok("database", program.name, "keeps what it has acknowledged")
    if program.is_production:
        yield await _log(connection, program)
    standbys = await connection.fetchval("select count(*) from pg_stat_replication")
    yield standby(program, int(standbys), setting)


_QUIET: Final = {
    "log_error_verbosity": ("terse",),
    "log_min_error_statement": ("panic", "fatal"),
    "log_parameter_max_length_on_error": ("0",),
    "log_statement": ("none", "ddl"),
    "log_min_duration_statement": ("-1",),
}
"""Settings under which the server's log quotes no value that somebody wrote."""


async def _log(connection: Any, program: Program) -> Finding:
    loud = [
        name
        for name, quiet in _QUIET.items()
        if await connection.fetchval("select current_setting($1)", name) not in quiet
    ]
    if not loud:
        return ok("log", program.name, "the server's log quotes no values")
    return warn(
        "log", program.name, f"the server's log may quote what people wrote: {', '.join(loud)}",
        "; ".join(f"ALTER SYSTEM SET {name} = '{_QUIET[name][0]}'" for name in loud),
    )  # fmt: skip


def standby(program: Program, standbys: int, setting: Mapping[str, str]) -> Finding:
    """Judge replication: what was acknowledged must be on the standby, or a failover unsays it."""
    is_waited_for = setting["synchronous_standby_names"].strip() != ""
    waits = setting["synchronous_commit"] in ("on", "remote_apply")
    if not standbys and not is_waited_for:
        return ok("standby", program.name, "not replicated")
    if is_waited_for and waits and not standbys:
        return fail(
            "standby", program.name, "commits wait for a standby, and none is connected",
            "start the standby: until then every write of this service hangs",
        )  # fmt: skip
    if is_waited_for and waits:
        return ok("standby", program.name, f"{standbys} connected, commits wait for one")
    message = "replicated, but a commit does not wait for the standby"
    advice = (
        "set synchronous_standby_names and synchronous_commit = on; a failover would bring back "
        "what was revoked"
    )
    judge = fail if program.name == "svc_consent" else warn
    return judge("standby", program.name, message, advice)


_PRIVILEGES = """
select c.relname as name,
       coalesce(pg_partition_root(c.oid)::oid::regclass::text, c.relname) as root,
       has_table_privilege(c.oid, 'UPDATE') or has_any_column_privilege(c.oid, 'UPDATE')
         as "UPDATE",
       has_table_privilege(c.oid, 'DELETE') as "DELETE",
       has_table_privilege(c.oid, 'TRUNCATE') as "TRUNCATE",
       exists (select from pg_rewrite where ev_class = c.oid and rulename <> '_RETURN') as has_rule
from pg_class c
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p')
order by c.relname
"""


async def _unchanged(
    connection: Any, check: str, kept: Mapping[str, tuple[str, ...]]
) -> AsyncIterator[Finding]:
    broken = False
    role = await connection.fetchval("select current_user")
    for table in await connection.fetch(_PRIVILEGES):
        name = table["name"]
        granted = [right for right in kept.get(table["root"], ()) if table[right]]
        if granted:
            broken = True
            yield fail(
                check, name, f"the runtime role may {' and '.join(granted)} it",
                f"as owner: REVOKE {', '.join(granted)} ON {name} FROM {role}, PUBLIC; then find "
                "out who granted it, and run `audit verify`",
            )  # fmt: skip
        if table["root"] in kept and table["has_rule"]:
            broken = True
            yield fail(
                check, name, "a rule rewrites what is written to it",
                f"find out who made it; as owner: DROP RULE ... ON {name}",
            )  # fmt: skip
    if not broken:
        yield ok(check, "", "can be added to and read, not changed (as PostgreSQL enforces it)")


_SITES = """
select site.id, site.name,
       account.id is not null and not account.is_blocked and exists (
         select from role_grant
         where role_grant.account_id = account.id and role_grant.site_id = site.id
           and role_grant.role = 'PRV' and role_grant.revoked_at is null
           and role_grant.starts_at <= now()
           and (role_grant.ends_at is null or role_grant.ends_at > now())
       ) as has_officer
from site left join account on account.id = site.privacy_officer
order by site.id
"""


async def _sites(connection: Any) -> AsyncIterator[Finding]:
    sites = await connection.fetch(_SITES)
    if not sites:
        yield warn("site", "", "there is no site yet", "seed the first site and its agencies")
    for site in sites:
        if site["has_officer"]:
            yield ok("site", site["name"], "has a privacy officer")
        else:
            yield fail(
                "site", site["name"], "names no privacy officer who could act",
                "name an account with the privacy officer's role at this site: without one, "
                "nobody answers incidents and reviews, and nothing should be shared",
            )  # fmt: skip
