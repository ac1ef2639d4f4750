"""The clock of a sandbox: the machine's, and so many seconds more. It never goes back.

What has been signed, chained and counted has its time: a clock that went back would make the
platform contradict itself. All programs, PostgreSQL too, look at one file by way of libfaketime
(Debian package ``libfaketime``); deadlines go by the monotonic clock, which stays as it is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

from infra.dev.private_files import write_private

MOST: Final = timedelta(days=3650)
_FILE: Final = "sandbox-clock"
_WRITTEN = re.compile(r"\+(\d{1,10})\Z")
_FOLDERS: Final = ("/usr/lib", "/usr/local/lib")
_LIBRARY: Final = "faketime/libfaketimeMT.so.1"


class SandboxError(Exception):
    """The sandbox cannot do that; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class SandboxClock:
    """The clock of the sandbox in a data folder."""

    data_dir: Path

    @property
    def ahead(self) -> timedelta:
        """How far it is ahead of the machine's.

        Raises:
            SandboxError: the file is damaged; a clock that started again would have gone back.
        """
        try:
            text = self._file.read_text(encoding="ascii").strip()
        except FileNotFoundError:
            return timedelta()
        found = _WRITTEN.match(text)
        if found is None:
            message = f"{self._file} is damaged; start over with ./goldenthread sandbox up --fresh"
            raise SandboxError(message)
        return timedelta(seconds=int(found[1]))

    def forward(self, by: timedelta) -> timedelta:
        """Put the clock forward, for all programs within a second; return how far it is ahead.

        Raises:
            SandboxError: not forward, too far, or there is nothing to put it forward with.
        """
        if by < timedelta(seconds=1):
            raise SandboxError("the clock of a sandbox goes forward only")
        ahead = self.ahead + by
        if ahead > MOST:
            raise SandboxError(f"a sandbox is at most {MOST.days} days ahead")
        if find_library() is None:
            raise SandboxError("the clock needs the Debian package libfaketime")
        write_private(self._file, f"+{int(ahead.total_seconds())}\n")
        return ahead

    def environment(self) -> Mapping[str, str]:
        """Return what programs need to go by this clock; nothing without the library.

        Raises:
            SandboxError: it is ahead already, and there is nothing to go by it with.
        """
        library = find_library()
        if library is None:
            if self.ahead:
                raise SandboxError("this sandbox's clock needs the Debian package libfaketime")
            return {}
        if not self._file.exists():
            write_private(self._file, "+0\n")
        return {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }

    @property
    def _file(self) -> Path:
        return self.data_dir / _FILE


def find_library() -> Path | None:
    """Return the library that lets programs go by another clock, if it is installed."""
    for folder in map(Path, _FOLDERS):
        for found in (folder / _LIBRARY, *sorted(folder.glob(f"*/{_LIBRARY}"))):
            if found.exists():
                return found
    return None
