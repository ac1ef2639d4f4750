"""The GraphQL-over-HTTP audit of ``graphql-http``: every MUST and every SHOULD holds."""

import json
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import anyio.to_thread
import pytest

from tests.fixtures.gateway_app import GatewayWorld
from tests.fixtures.public_door import public_app
from tests.fixtures.service_app import http_server

AUDIT = Path(__file__).with_name("http_audit")
NOT_OFFERED = {
    "5A70": "no GET: variables name people, and addresses end in logs and histories",
    "D6D5": "no GET",
    "6A70": "no GET",
}
"""MAY audits that do not hold, and why."""

needs_node = pytest.mark.skipif(
    shutil.which("node") is None or shutil.which("npm") is None, reason="the audit needs Node"
)


def _audit(folder: Path, url: str, token: str) -> list[dict[str, str]]:
    for name in ("package.json", "package-lock.json", "audit.mjs"):
        shutil.copy(AUDIT / name, folder / name)
    install = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(install, cwd=folder, check=True, capture_output=True, timeout=150)
    ran = subprocess.run(
        ["node", "audit.mjs", url, token],
        cwd=folder, check=True, capture_output=True, text=True, timeout=150,
    )  # fmt: skip
    said: list[dict[str, str]] = json.loads(ran.stdout)
    return said


@needs_node
@pytest.mark.timeout(400)
async def test_every_must_and_should_holds(gateway_world: GatewayWorld, tmp_path: Path) -> None:
    person = await gateway_world.person("LEO")
    async with gateway_world.gateway() as gateway:
        app = public_app(gateway)
        async with http_server(app, host="127.0.0.1", port=0) as server:
            port = server.servers[0].sockets[0].getsockname()[1]
            token = gateway_world.token(person)
            url = f"http://127.0.0.1:{port}/graphql"
            said = await anyio.to_thread.run_sync(_audit, tmp_path, url, token)
    kinds = Counter(each["name"].split()[0] for each in said)
    assert kinds == {"MUST": 13, "SHOULD": 23, "MAY": 25}
    assert {each["id"] for each in said if each["status"] != "ok"} == set(NOT_OFFERED), said
