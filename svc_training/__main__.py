"""Starts the training service, or runs one of its commands."""

import argparse
import asyncio
import sys
from pathlib import Path

from sqlalchemy.exc import SQLAlchemyError

from infra.database import Database
from infra.errors import GoldenThreadError
from infra.mutation_result import CommandError
from infra.service_program import ServiceProgram, main
from infra.settings import Environment, Secret
from svc_training.app import app
from svc_training.seed import seed
from svc_training.sessions.commands import ImportReport, import_course_page
from svc_training.subgraph import schema

_IMPORTED_BY = "command line"


def import_command(words: list[str]) -> int:
    """Import a course page from a file; returns 0 only when every row of it was understood.

    Each row is reported on standard error; the last line on standard output is the summary.
    """
    parser = argparse.ArgumentParser(
        prog="training import", description="Import a course page; repeating it changes nothing."
    )
    parser.add_argument("file", type=Path, help="text of the course page, UTF-8")
    file: Path = parser.parse_args(words).file
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


async def _import(dsn: Secret, page: str) -> ImportReport:
    database = Database(dsn, application_name="training-import", pool_size=1)
    try:
        async with database.write() as session:
            return await import_course_page(session, page, _IMPORTED_BY)
    finally:
        await database.close()


def _refuse(message: str) -> int:
    sys.stderr.write(f"training import: {message}\n")
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
                seed=seed,
                commands={"import": import_command},
            )
        )
    )
