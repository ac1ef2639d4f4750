"""What a running platform costs: processor time tells more than the clock of a shared machine."""

import json

import psutil

from tests.fixtures.whole_platform import Platform


def processor_ms(platform: Platform) -> float:
    """Return milliseconds that the platform's processes have had of a processor so far."""
    run = json.loads((platform.data_dir / "run.json").read_text())
    spent = 0.0
    for each in psutil.Process(run["pids"]["up"]).children(recursive=True):
        try:
            spent += sum(each.cpu_times()[:2])
        except psutil.NoSuchProcess:
            continue
    return spent * 1000
