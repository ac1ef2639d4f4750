"""Starts the training service, or runs one of its commands."""

import argparse
import asyncio
import sys
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from infra.database import Database
from infra.errors import GoldenThreadError
from infra.http_client import HttpClient
from infra.mutation_result import CommandError
from infra.service_program import ServiceProgram, main
from infra.settings import Environment, Secret, SettingsError
from svc_training.acadis.commands import import_files
from svc_training.acadis.provider import CsvFolder
from svc_training.acadis.rest_v1 import TIMEOUT_SECONDS, RestSettings, RestV1
from svc_training.acadis.rules import FileRefusedError, RowProblem
from svc_training.acadis.sync import SyncReport, sync
from svc_training.app import app
from svc_training.demo import seed_with_history
from svc_training.sessions.commands import ImportReport, import_course_page
from svc_training.subgraph import schema

_IMPORTED_BY = "command line"
_LONGEST_SECONDS = 600


def import_command(words: list[str]) -> int:
    """Import a course page from a file; returns 0 only when every row of it was understood.

    Each row is reported on standard error; the last line on standard output is the summary.
    """
    parser = argparse.ArgumentParser(
        prog="training import",
        description="Import a course page, or a folder of files of the academy's system.",
    )
    parser.add_argument(
        "file", type=Path, help="text of the course page, UTF-8; or a folder of exchange files"
    )
    file: Path = parser.parse_args(words).file
    if file.is_dir():
        return exchange_command(file)
    try:
        page = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        return _refuse(f"{file}: {error.strerror}")
    except UnicodeDecodeError:
        return _refuse(f"{file}: not UTF-8 text")
    try:
        report = asyncio.run(_import(Environment().secret("GT_DATABASE_DSN"), page))
    except CommandError as error:
        return _refuse(f"{file}: {error.message}")
    except GoldenThreadError as error:
        return _refuse(str(error))
    except (OSError, SQLAlchemyError):  # their texts hold addresses and statements
        return _refuse("the training database cannot be reached or is not migrated")
    _show(report)
    return 0 if report.is_clean else 1


def exchange_command(folder: Path) -> int:
    """Take a folder of exchange files over; returns 0 only when every row was taken.

    What was not taken goes back into the folder as ``errors.csv``.
    """
    try:
        counts, problems = asyncio.run(_exchange(Environment().secret("GT_DATABASE_DSN"), folder))
    except GoldenThreadError as error:
        return _refuse(str(error))
    except (OSError, SQLAlchemyError):  # their texts hold addresses and statements
        return _refuse("the folder or the training database cannot be used")
    for each in problems:
        sys.stderr.write(f"{each.file}:{each.row}: {each.code}: {each.message}\n")
    done = ", ".join(f"{number} {what}" for what, number in sorted(counts.items())) or "nothing"
    sys.stdout.write(f"{done}; rows not taken: {len(problems)}\n")
    return 1 if problems else 0


async def _exchange(dsn: Secret, path: Path) -> tuple[dict[str, int], list[RowProblem]]:
    database = Database(dsn, application_name="training-exchange", pool_size=1)
    folder = CsvFolder(path)
    try:
        async with database.write() as session:
            batch = await import_files(
                session, await folder.read(), by=_IMPORTED_BY, agency_id=None
            )
        problems = [RowProblem(*each) for each in batch.errors]
        counts = {what: int(number) for what, number in batch.counts.items()}
    except FileRefusedError as error:
        problems, counts = [error.problem], {}
    finally:
        await database.close()
    await folder.write_errors(problems)
    return counts, problems


def sync_command(words: list[str]) -> int:
    """Exchange with the academy's system over its REST interface, once; for a nightly job."""
    argparse.ArgumentParser(prog="training sync", description=sync_command.__doc__).parse_args(
        words
    )
    try:
        report = asyncio.run(_sync(Environment()))
    except GoldenThreadError as error:
        return _refuse(str(error), "sync")
    except (OSError, SQLAlchemyError):
        return _refuse("the training database cannot be reached or is not migrated", "sync")
    done = dict(report.counts)
    for what, counted in (
        ("places given up", report.cancelled),
        ("told", report.enrolled),
        ("reports", report.reported),
        ("compared:", report.compared),
    ):
        done |= {f"{what} {word.lower()}": number for word, number in counted.items()}
    told = ", ".join(f"{number} {what}" for what, number in sorted(done.items())) or "nothing new"
    sys.stdout.write(f"{told}; rows not taken: {report.refused}\n")
    return 1 if report.refused else 0


async def _sync(environment: Environment) -> SyncReport:
    timeout = environment.number("GT_ACADIS_TIMEOUT_SECONDS", TIMEOUT_SECONDS)
    if not 0 < timeout <= _LONGEST_SECONDS:
        message = f"GT_ACADIS_TIMEOUT_SECONDS is more than 0 and at most {_LONGEST_SECONDS}"
        raise SettingsError(message)
    settings = RestSettings(
        address=environment.text("GT_ACADIS_ADDRESS"),
        client_id=environment.text("GT_ACADIS_CLIENT_ID"),
        client_secret=environment.secret("GT_ACADIS_CLIENT_SECRET"),
        token_path=environment.text("GT_ACADIS_TOKEN_PATH", "/oauth2/token"),
        base_path=environment.text("GT_ACADIS_BASE_PATH", "/v1"),
        timeout_seconds=timeout,
    )
    database = Database(
        environment.secret("GT_DATABASE_DSN"), application_name="training-sync", pool_size=2
    )
    client = HttpClient(settings.address)
    try:
        return await sync(database, RestV1(settings, client))
    finally:
        await client.close()
        await database.close()


async def _import(dsn: Secret, page: str) -> ImportReport:
    database = Database(dsn, application_name="training-import", pool_size=1)
    try:
        async with database.write() as session:
            return await import_course_page(session, page, _IMPORTED_BY)
    finally:
        await database.close()


def _refuse(message: str, command: str = "import") -> int:
    sys.stderr.write(f"training {command}: {message}\n")
    sys.stdout.write("nothing imported: 1 error\n")
    return 2


def _show(report: ImportReport) -> None:
    if report.course_outcome is not None:
        sys.stderr.write(f"course {report.course_number}: {report.course_outcome.lower()}\n")
    for session in report.sessions:
        sys.stderr.write(
            f"line {session.line}: session {session.number}: {session.outcome.lower()}\n"
        )
    for error in report.errors:
        sys.stderr.write(f"line {error.line}: {error.code}: {error.message} [{error.text}]\n")
    counts: dict[str, int] = {}
    for session in report.sessions:
        counts[session.outcome.lower()] = counts.get(session.outcome.lower(), 0) + 1
    sessions = ", ".join(f"{number} {what}" for what, number in sorted(counts.items())) or "none"
    course = f"course {report.course_number} {report.course_outcome}".lower()
    named = course if report.course_number else "no course"
    sys.stdout.write(f"{named}; sessions: {sessions}; rows not understood: {len(report.errors)}\n")


if __name__ == "__main__":
    raise SystemExit(
        main(
            ServiceProgram(
                service="training",
                package_dir=Path(__file__).parent,
                schema=schema,
                app=app,
                seed=seed_with_history,
                commands={"import": import_command, "sync": sync_command},
            )
        )
    )
