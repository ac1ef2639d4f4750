"""Migrations and demo data: one-off commands of the services, run only when there is need."""

import asyncio
import hashlib
import json
from pathlib import Path

from infra import clock
from infra.dev.private_files import write_private
from infra.dev.service_databases import ServiceDatabase
from infra.dev.up.errors import UpError
from infra.dev.up.layout import Layout, State
from infra.dev.up.merged_log import MergedLog
from infra.dev.up.programs import SERVICES, Program, migrations_of
from infra.dev.up.spawner import Spawner


def write_demo_files(layout: Layout) -> None:
    """Write the demo world as of today, unless this folder has one already."""
    if layout.world_file.exists() and layout.demo_file.exists():
        return
    # Only a first start needs it: imported here, a warm start is quicker.
    from infra.dev.demo.summary import demo_summary
    from infra.dev.demo.world import build_world, world_json

    world = build_world(clock.now().date())
    write_private(layout.world_file, world_json(world))
    write_private(layout.demo_file, json.dumps(demo_summary(world), indent=1, ensure_ascii=False))


class OneOffCommands:
    """Runs `migrate` and `seed` of the services and remembers what is done."""

    def __init__(
        self, layout: Layout, state: State, root: Path, spawner: Spawner, log: MergedLog
    ) -> None:
        self._layout = layout
        self._spawner = spawner
        self._state = state
        self._root = root
        self._log = log

    async def migrate(
        self, programs: dict[str, Program], databases: dict[str, ServiceDatabase]
    ) -> None:
        """Bring every database to the newest revision; none that is there already is touched.

        Raises UpError when a service's command fails.
        """
        wanted = {service: self._digest(service) for service in SERVICES}
        behind = [name for name in SERVICES if self._state.migrations.get(name) != wanted[name]]
        # All are awaited, also when one fails: none may outlive this method.
        results = await asyncio.gather(
            *(
                self._run(
                    programs[service],
                    ["migrate"],
                    {"GT_DATABASE_OWNER_DSN": databases[service].owner_dsn},
                )
                for service in behind
            ),
            return_exceptions=True,
        )
        for result in results:
            if isinstance(result, BaseException):
                raise result
        if behind:
            self._state.migrations.update(wanted)
            self._layout.keep(self._state)

    async def seed(self, programs: dict[str, Program]) -> bool:
        """Load the demo data once per service, in order; say whether anything was loaded.

        Raises UpError when a service's command fails; the services before it stay loaded.
        """
        missing = [service for service in SERVICES if service not in self._state.seeded]
        for service in missing:
            self._log.say(f"loading demo data into {service}")
            words = ["seed", "--world", str(self._layout.world_file)]
            await self._run(programs[service], words, {})
            self._state.seeded.append(service)
            self._layout.keep(self._state)
        return bool(missing)

    def _digest(self, service: str) -> str:
        digest = hashlib.sha256()
        for path in migrations_of(self._root, service):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    async def _run(self, program: Program, words: list[str], more: dict[str, str]) -> None:
        environment = {**program.environment, **more}
        process = await self._spawner.spawn(program.module, words, environment)
        try:
            output = await process.output.read()
            status = await process.wait()
        except asyncio.CancelledError:
            process.kill()
            raise
        lines = [line for line in output.decode(errors="replace").splitlines() if line.strip()]
        for line in lines:
            self._log.line(program.name, line)
        if status != 0:
            last = lines[-1] if lines else "no output"
            message = f"{program.name} {words[0]} failed: {last[:300]}"
            raise UpError(message)
