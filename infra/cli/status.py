"""`status`: asks each program of the running platform whether it is ready."""

from typing import Any

from infra.cli.data_folder import DataFolder
from infra.cli.errors import CommandError
from infra.cli.local_http import ask


def check(folder: DataFolder) -> dict[str, Any]:
    """Return what runs on the folder and whether each program answers.

    Raises CommandError when nothing runs.
    """
    run = folder.running()
    programs = {name: _is_ready(address) for name, address in sorted(run["health"].items())}
    return {
        "data": str(folder.path),
        "urls": run["urls"],
        "pids": run["pids"],
        "programs": programs,
        "ready": all(programs.values()),
    }


def _is_ready(address: str) -> bool:
    try:
        status, _ = ask(address, "GET", "/health/ready")
    except CommandError:
        return False
    return status == 200


def show(report: dict[str, Any]) -> str:
    """Return the report as lines of text."""
    lines = [f"data     {report['data']}"]
    lines += [f"{name:<8} {url}" for name, url in sorted(report["urls"].items())]
    for name, ready in report["programs"].items():
        pid = report["pids"].get(name, "-")
        lines.append(f"{name:<14} {'ready' if ready else 'NOT READY':<10} pid {pid}")
    lines.append("all ready" if report["ready"] else "not ready")
    return "\n".join(lines) + "\n"
