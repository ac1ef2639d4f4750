"""The command line that each service's ``__main__`` is: serve, migrate, seed, print its SDL.

``python -m svc_X`` serves. ``retention`` takes out what is kept no longer (``infra.retention``);
``migrate`` needs the owner's DSN (``GT_DATABASE_OWNER_DSN``); the
serving process never has it. ``seed --world FILE`` loads demo data and refuses in production
unless ``--even-in-production`` is given.
"""

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from starlette.applications import Starlette

from infra import serve
from infra.errors import GoldenThreadError
from infra.pagination import CursorSeal
from infra.settings import Environment, ServiceSettings, read_service_settings
from infra.subgraph_app import Chassis, build_chassis, configure_telemetry
from infra.subgraph_schema import SubgraphSchema


@dataclass(frozen=True, slots=True)
class ServiceProgram:
    """What differs between the four services.

    Attributes:
        service: name without ``svc_``.
        package_dir: folder of the package.
        schema: builds the federation schema (no database needed).
        app: builds the application from its parts.
        seed: loads the demo world from a JSON file.
        commands: further sub-commands by name; each gets the remaining words, returns exit status.
    """

    service: str
    package_dir: Path
    schema: Callable[[], SubgraphSchema]
    app: Callable[[Chassis], Starlette]
    seed: Callable[[Chassis, Path], Awaitable[None]]
    commands: dict[str, Callable[[list[str]], int]]


def main(program: ServiceProgram, words: list[str] | None = None) -> int:
    """Run one service program; returns its exit status."""
    given = sys.argv[1:] if words is None else words
    if given and given[0] in program.commands:
        return program.commands[given[0]](given[1:])
    if given and given[0] == "retention":
        return _retention(program, given[1:])
    parser = argparse.ArgumentParser(prog=f"python -m svc_{program.service}")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("serve", help="serve the subgraph (the default)")
    commands.add_parser("migrate", help="bring the database to the newest revision")
    commands.add_parser("sdl", help="print the subgraph's SDL")
    commands.add_parser("check-settings", help="say whether the settings are complete")
    commands.add_parser("retention", help="take out what is kept no longer; see its --help")
    seed = commands.add_parser("seed", help="load synthetic demo data")
    seed.add_argument("--world", type=Path, required=True, help="JSON file of the demo world")
    seed.add_argument("--even-in-production", action="store_true", help="load it there too")
    for name in program.commands:
        commands.add_parser(name, help="see --help of that command")
    arguments = parser.parse_args(given)
    try:
        return _run(program, arguments)
    except GoldenThreadError as error:
        sys.stderr.write(f"{program.service}: {error}\n")
        return 2


def _run(program: ServiceProgram, arguments: argparse.Namespace) -> int:
    if arguments.command == "sdl":
        sys.stdout.write(program.schema().as_str() + "\n")
        return 0
    if arguments.command == "migrate":
        from infra.migrations import migrate  # alembic is slow to load, and only this needs it

        migrate(program.package_dir, Environment().secret("GT_DATABASE_OWNER_DSN"))
        return 0
    settings = read_service_settings(program.service)
    if arguments.command == "check-settings":
        CursorSeal(settings.cursor_key)
        sys.stdout.write(f"settings ok: {settings.instance}\n")
        return 0
    configure_telemetry(settings)
    if arguments.command == "seed":
        return _seed(program, settings, arguments)
    chassis = build_chassis(settings)
    delay = Environment().number("GT_STOP_DELAY_SECONDS", 0.0)
    serve.run(program.app(chassis), settings.bind, settings.metrics_bind, delay)
    return 0


def _retention(program: ServiceProgram, words: list[str]) -> int:
    from infra import retention  # only this needs it

    try:
        settings = read_service_settings(program.service)
        configure_telemetry(settings)
        return retention.run(settings, program.package_dir, words)
    except GoldenThreadError as error:
        sys.stderr.write(f"{program.service}: {error}\n")
        return 2


def _seed(program: ServiceProgram, settings: ServiceSettings, arguments: argparse.Namespace) -> int:
    if settings.is_production and not arguments.even_in_production:
        sys.stderr.write("demo data is not loaded in production; see --even-in-production\n")
        return 2

    async def load() -> None:
        chassis = build_chassis(settings)
        try:
            await program.seed(chassis, arguments.world)
        finally:
            await chassis.close()

    asyncio.run(load())
    return 0
