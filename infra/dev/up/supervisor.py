"""Starts everything in order, keeps it running, and stops it in the reverse order."""

import asyncio
import json
import os
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra import clock
from infra.dev.backups.moments import ARCHIVE_VARIABLE, archiving
from infra.dev.postgres import EmbeddedPostgres
from infra.dev.private_files import private_directory, write_private
from infra.dev.service_databases import Server, ServiceDatabase
from infra.dev.synth.set_aside import put_back
from infra.dev.up.balancer import NAME as BALANCER
from infra.dev.up.child import Child
from infra.dev.up.database import keep_running
from infra.dev.up.errors import UpError
from infra.dev.up.layout import Layout, State
from infra.dev.up.merged_log import MergedLog
from infra.dev.up.programs import (
    ALONE,
    ISSUER,
    METERED,
    SERVICES,
    Addresses,
    Program,
    Scale,
    clients,
    planned,
)
from infra.dev.up.seeding import OneOffCommands, write_demo_files
from infra.dev.up.spawner import Spawner
from infra.dev.up.succession import is_succeeded

EXTERNAL_SERVER_VARIABLE = "GT_POSTGRES_DSN"
_SEEDING = frozenset({ISSUER, *(f"svc_{service}" for service in SERVICES)})


class Supervisor:
    """The running platform on one data folder, which must be held already."""

    def __init__(
        self,
        layout: Layout,
        addresses: Addresses,
        state: State,
        root: Path,
        log: MergedLog,
        scale: Scale = ALONE,
    ) -> None:
        self._scale = scale
        self._layout = layout
        self._addresses = addresses
        self._state = state
        self._root = root
        self._log = log
        self._spawner = Spawner()
        self._postgres: EmbeddedPostgres | None = None
        self._children: list[Child] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._started_at = clock.now()
        self._rolls = 0
        self._last_roll: str | None = None

    async def start(self) -> None:
        """Return when every program is ready. Raises UpError, PostgresError or BinariesError."""
        self._spawner.start()
        server = await self._start_database(os.environ)
        databases = await self._provision(server)
        write_demo_files(self._layout)
        programs = planned(self._layout, self._addresses, databases, self._scale)
        self._write_environments(programs)
        by_service = {service: programs[index] for index, service in enumerate(SERVICES)}
        commands = OneOffCommands(self._layout, self._state, self._root, self._spawner, self._log)
        # What a load of millions that was killed had set aside.
        await put_back(server, self._layout.data_dir)
        await commands.migrate(by_service, databases)
        self._start(programs, is_first=True)
        if len(self._state.seeded) < len(SERVICES):
            # Services hand their facts to consent while they are seeded, so all must be up first.
            await self._until_ready([c for c in self._children if c.program.name in _SEEDING])
            await self._unless_one_ends(commands.seed(by_service))
        if self._scale.is_balanced:
            # Keys and databases are made by the first of each; the others find them.
            await self._until_ready([c for c in self._children if c.program.name != BALANCER])
            self._start(programs, is_first=False)
        await self._until_ready(self._children)
        self._write_run_file()

    def _start(self, programs: list[Program], *, is_first: bool) -> None:
        """Start the first instance of each program, or all others."""
        chosen = [each for each in programs if ("." not in each.name) is is_first]
        started = [Child(each, self._spawner, self._log, self._write_run_file) for each in chosen]
        self._children += started
        self._tasks += [asyncio.create_task(child.run()) for child in started]

    async def watch(self) -> None:
        """Run until cancelled. Raises UpError when a program cannot be kept running."""
        await self._unless_one_ends(asyncio.Event().wait())

    async def roll(self) -> None:
        """Put a fresh process in the place of each program's, one after the other.

        Services come before gateways, as with a new release. What went wrong is in `run.json`.
        """
        programs = [each for each in self._children if is_succeeded(each.program)]
        self._last_roll = f"{len(programs)} programs"
        try:
            for child in sorted(programs, key=lambda each: -each.program.stop_order):
                await child.succeed()
        except (UpError, OSError) as error:
            self._last_roll = None
            self._log.say(f"the roll has stopped: {error}", "warning")
        self._rolls += 1
        self._write_run_file()

    async def stop(self) -> None:
        """Stop the gateway, then the services and the issuer, then the database."""
        for order in sorted({child.program.stop_order for child in self._children}):
            await asyncio.gather(
                *(c.stop() for c in self._children if c.program.stop_order == order)
            )
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._spawner.stop()
        if self._postgres is not None:
            await self._postgres.stop()
        self._layout.run_file.unlink(missing_ok=True)

    def kill_programs(self) -> None:
        """End the programs now (a second Ctrl-C); the database still stops in good order."""
        for child in self._children:
            child.kill()

    async def _start_database(self, environment: Mapping[str, str]) -> Server:
        external = environment.get(EXTERNAL_SERVER_VARIABLE)
        if external:
            return Server(external, self._layout.secret_file("postgres"))
        archive = environment.get(ARCHIVE_VARIABLE)
        self._postgres = EmbeddedPostgres(
            self._layout.data_dir,
            self._layout.socket_dir,
            settings=archiving(Path(archive)) if archive else None,
        )
        await self._postgres.start()
        keeping = keep_running(self._postgres, self._log, self._write_run_file)
        self._tasks.append(asyncio.create_task(keeping))
        return self._postgres.server

    async def _provision(self, server: Server) -> dict[str, ServiceDatabase]:
        databases = {}
        for service in SERVICES:
            if service in self._state.provisioned:
                databases[service] = server.service_database(service)
            else:
                databases[service] = await server.ensure(service)
                self._state.provisioned.append(service)
        self._layout.keep(self._state)
        return databases

    def _write_environments(self, programs: list[Program]) -> None:
        private_directory(self._layout.data_dir / "env")
        private_directory(self._layout.data_dir / "keys")
        self._layout.public_key_dir.mkdir(exist_ok=True)
        private_directory(self._layout.data_dir / "secrets")
        registered = json.dumps(clients(self._layout, self._addresses), indent=1)
        write_private(self._layout.secret_file("clients.json"), registered)
        for program in programs:
            if "GT_KEY_DIR" in program.environment:
                private_directory(Path(program.environment["GT_KEY_DIR"]))
            lines = [f"{name}={shlex.quote(value)}" for name, value in program.environment.items()]
            file = self._layout.environment_file(program.name)
            write_private(file, "\n".join(lines) + "\n")

    async def _until_ready(self, children: list[Child]) -> None:
        waiting = asyncio.gather(*(child.wait_until_ready() for child in children))
        await self._unless_one_ends(waiting)

    async def _unless_one_ends(self, work: Any) -> None:
        """Await `work`; a task that ends meanwhile has failed, and its error counts."""
        main = asyncio.ensure_future(work)
        try:
            done, _ = await asyncio.wait([main, *self._tasks], return_when=asyncio.FIRST_COMPLETED)
        except asyncio.CancelledError:
            main.cancel()
            await asyncio.gather(main, return_exceptions=True)
            raise
        if main in done:
            await main
            return
        main.cancel()
        await asyncio.gather(main, return_exceptions=True)
        for task in done:
            await task
        message = "a program ended for good"
        raise UpError(message)

    def _write_run_file(self) -> None:
        pids = {child.program.name: child.process_id for child in self._children}
        if self._postgres is not None:
            pids["postgres"] = self._postgres.process_id
        gateway, issuer = self._addresses.gateway_url, self._addresses.issuer_url
        run = {
            "data": str(self._layout.data_dir),
            "started_at": self._started_at.isoformat(),
            "urls": {
                "gateway": gateway,
                "graphql": f"{gateway}/graphql",
                "issuer": issuer,
            },
            "issuer": self._addresses.issuer,
            "rolls": {"ended": self._rolls, "last": self._last_roll},
            "pids": {"up": os.getpid(), **{k: v for k, v in pids.items() if v is not None}},
            "sockets": {
                ISSUER: self._layout.socket(ISSUER),
                **{name: self._layout.socket(name) for name in SERVICES},
                **{f"{name}.metrics": self._layout.socket(f"{name}.metrics") for name in METERED},
                "postgres": str(self._layout.socket_dir),
            },
            "health": {
                child.program.name: child.program.health.replace("tcp:", "http://")
                for child in self._children
            },
        }
        write_private(self._layout.run_file, json.dumps(run, indent=1) + "\n")
