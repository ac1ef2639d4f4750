"""Which data folders are sandboxes: those that were made as one, and never any other."""

from pathlib import Path
from typing import Final

from infra.dev.private_files import private_directory, write_private
from infra.dev.sandbox.clock import SandboxError

_MARK: Final = "sandbox.json"


def is_sandbox(data_dir: Path) -> bool:
    """Return whether a folder was made as a sandbox."""
    return (data_dir / _MARK).exists()


def make_sandbox(data_dir: Path) -> None:
    """Make a folder a sandbox, once and for all.

    Raises:
        SandboxError: there is something in it that was not made in a sandbox.
    """
    if is_sandbox(data_dir):
        return
    if data_dir.exists() and any(data_dir.iterdir()):
        raise SandboxError(f"{data_dir} holds other data; name an empty folder with --data")
    private_directory(data_dir)
    write_private(data_dir / _MARK, '{"holds": "synthetic data only"}\n')
