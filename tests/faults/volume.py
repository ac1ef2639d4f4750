"""A small volume that can be filled to the last byte, and emptied again."""

import errno
import os
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Self

_CHUNK = 1 << 20


class Volume:
    """A file system in memory, mounted at a folder.

    Args:
        folder: where; made if it is not there.
        mebibytes: its size.

    Raises:
        VolumeError: this machine lets nobody mount one.
    """

    def __init__(self, folder: Path, mebibytes: int) -> None:
        self.folder = folder
        self._size = mebibytes
        self._ballast = folder / "ballast"

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        options = f"size={self._size}m,mode=0755"
        words = ["mount", "-t", "tmpfs", "-o", options, "gt-test", str(self.folder)]
        try:
            mounted = subprocess.run(words, capture_output=True, text=True, check=False)
        except FileNotFoundError:
            raise VolumeError("no mount here") from None
        if mounted.returncode != 0:
            raise VolumeError(mounted.stderr.strip())
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        subprocess.run(["umount", "--lazy", str(self.folder)], check=True)

    def fill(self) -> None:
        """Leave no room."""
        descriptor = os.open(self._ballast, os.O_WRONLY | os.O_CREAT, 0o600)
        chunk = bytes(_CHUNK)
        try:
            while chunk:
                try:
                    os.write(descriptor, chunk)
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    chunk = chunk[: len(chunk) // 2]
        finally:
            os.close(descriptor)

    def make_room(self) -> None:
        """Give back what was filled."""
        self._ballast.unlink()


class VolumeError(Exception):
    """No volume can be mounted here."""


def can_mount(folder: Path) -> bool:
    """Say whether volumes can be mounted in a folder."""
    try:
        with Volume(folder, 1):
            return True
    except VolumeError:
        return False
