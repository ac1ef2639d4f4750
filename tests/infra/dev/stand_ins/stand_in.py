"""A very small program with the command line, settings and health endpoint of the real ones.

Tests of the supervisor put this folder first on PYTHONPATH: what they start are real processes on
the real database, only small and quick. `GT_STAND_IN_FAULT` makes one of them misbehave.
"""

import asyncio
import json
import os
import signal
import socket
import sys
from pathlib import Path

import asyncpg


def main(name: str) -> None:
    fault, _, detail = os.environ.get("GT_STAND_IN_FAULT", "").partition(":")
    words = sys.argv[1:]
    if words[:1] == ["migrate"]:
        asyncio.run(_sql("GT_DATABASE_OWNER_DSN", "CREATE TABLE IF NOT EXISTS seeded (world text)"))
    elif words[:1] == ["seed"]:
        day = json.loads(Path(words[2]).read_text())["on"]
        asyncio.run(_sql("GT_DATABASE_DSN", f"INSERT INTO seeded VALUES ('{day}')"))
    elif fault == "dies" and detail == name:
        sys.exit("a setting is missing")
    else:
        asyncio.run(_serve(name))


async def _sql(variable: str, statement: str) -> None:
    connection = await asyncpg.connect(os.environ[variable])
    await connection.execute(statement)
    await connection.close()


async def _serve(name: str) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    bind = os.environ["GT_BIND"]
    if bind.startswith("unix:"):
        Path(bind.removeprefix("unix:")).unlink(missing_ok=True)
        server = await asyncio.start_unix_server(answer, bind.removeprefix("unix:"))
    else:
        host, _, port = bind.removeprefix("tcp:").rpartition(":")
        handed = os.environ.get("LISTEN_PID") == str(os.getpid())
        listener = socket.socket(fileno=3) if handed else socket.create_server((host, int(port)))
        server = await asyncio.start_server(answer, sock=listener)
    print(json.dumps({"event": "started", "level": "info", "program": name}), flush=True)
    stopped = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, lambda: None)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stopped.set)
    await stopped.wait()
    server.close()
    print(json.dumps({"event": "stopped", "level": "info", "program": name}), flush=True)
