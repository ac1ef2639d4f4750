"""Programs forked from the nursery behave as if Python had been started for each of them."""

import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from infra.dev.up.spawner import Process, Spawner

PROGRAM = '''
"""Does what its first word says."""
import json, os, random, signal, sys, time

word = sys.argv[1] if len(sys.argv) > 1 else ""
if word == "report":
    print(json.dumps({
        "argv": sys.argv, "name": __name__, "one": os.environ.get("ONE"), "pid": os.getpid(),
        "inherited": os.environ.get("GT_UP_PRELOAD"), "group": os.getpgid(0),
        "random": random.random(), "input": sys.stdin.read(), "package": __package__,
        "wakeup": signal.set_wakeup_fd(-1),
    }))
elif word == "fail":
    raise ValueError("it broke")
elif word == "say":
    sys.exit("a word of farewell")
elif word == "status":
    sys.exit(int(sys.argv[2]))
else:
    time.sleep(60)
'''


@pytest_asyncio.fixture
async def spawner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Spawner]:
    (tmp_path / "small_program.py").write_text(PROGRAM)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("GT_UP_PRELOAD", "json no.such.module")
    made = Spawner()
    yield made
    await made.stop()


async def _ended(process: Process) -> tuple[int, str]:
    output = (await process.output.read()).decode()
    return await process.wait(), output


async def test_a_program_runs_as_python_would_run_it(spawner: Spawner) -> None:
    process = await spawner.spawn("small_program", ["report", "a b"], {"ONE": "1"})
    status, output = await _ended(process)
    assert status == 0
    told = json.loads(output)
    assert told["argv"][1:] == ["report", "a b"]
    assert told["name"] == "__main__"
    assert told["one"] == "1"
    assert told["pid"] == told["group"] == process.pid
    assert told["input"] == ""
    assert told["package"] == ""
    assert told["wakeup"] == -1


async def test_programs_share_no_environment_and_no_random_numbers(spawner: Spawner) -> None:
    first = await spawner.spawn("small_program", ["report"], {"ONE": "1"})
    second = await spawner.spawn("small_program", ["report"], {})
    told = [json.loads((await _ended(process))[1]) for process in (first, second)]
    assert told[1]["one"] is None
    assert told[0]["random"] != told[1]["random"]
    assert "ONE" not in os.environ


async def test_exit_statuses_and_last_words(spawner: Spawner) -> None:
    assert await _ended(await spawner.spawn("small_program", ["status", "7"], {})) == (7, "")
    farewell = await _ended(await spawner.spawn("small_program", ["say"], {}))
    assert farewell == (1, "a word of farewell\n")
    status, output = await _ended(await spawner.spawn("small_program", ["fail"], {}))
    assert status == 1
    assert output.rstrip().endswith("ValueError: it broke")
    status, output = await _ended(await spawner.spawn("no_such_program", [], {}))
    assert status == 1
    assert "no_such_program" in output


async def test_a_signal_is_told_as_such(spawner: Spawner) -> None:
    process = await spawner.spawn("small_program", [], {})
    assert process.status is None
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == -signal.SIGTERM
    process.kill()  # too late, and harmless


async def test_programs_die_with_the_nursery_which_comes_back(spawner: Spawner) -> None:
    process = await spawner.spawn("small_program", [], {})
    nursery = psutil.Process(process.pid).parent()
    assert nursery is not None
    assert "infra.dev.up.nursery" in " ".join(nursery.cmdline())
    nursery.kill()
    assert await process.wait() == -signal.SIGKILL
    if sys.platform == "linux":
        _, alive = psutil.wait_procs(
            [psutil.Process(process.pid)] if psutil.pid_exists(process.pid) else [], timeout=60
        )
        assert not alive
    again = await spawner.spawn("small_program", ["status", "0"], {})
    assert await again.wait() == 0
