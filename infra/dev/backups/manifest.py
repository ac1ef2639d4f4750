"""What a backup says of itself: which files, with which hashes, from when, up to which revision."""

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infra.dev.private_files import write_private

FORMAT = 1
NAME = "manifest.json"


class BackupError(Exception):
    """A backup cannot be taken, read or restored; the message says why and what to do."""


@dataclass(frozen=True, slots=True)
class DatabaseCopy:
    """One service's database: its file, the migration it is at, and its authority revision."""

    file: str
    migration: str
    revision: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """The list of a backup.

    Attributes:
        taken_at: when the first copy began (ISO 8601).
        postgres: major version that wrote the copies.
        databases: by service. All others were copied before consent's, so that none of them
            knows a revision that consent's copy does not have.
        journal_of: id under which the journal has the consent database's lines.
        journal: folder of the journal when the backup was taken; None if there was none.
        files: every other file and the copies, with SHA-256.
        is_base: whether it is one copy of the whole cluster, from which any later moment can be
            reached with the archive of its log (``infra.dev.backups.moments``).
    """

    taken_at: str
    postgres: int
    databases: dict[str, DatabaseCopy]
    journal_of: str
    journal: str | None
    files: dict[str, str]
    format: int = FORMAT
    is_base: bool = False

    @property
    def revision(self) -> int:
        """The revision up to which the backup has authority facts."""
        return self.databases["consent"].revision

    def write(self, folder: Path) -> None:
        """Write it into the backup's folder."""
        write_private(folder / NAME, json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")


def read_manifest(folder: Path) -> Manifest:
    """Read a backup's manifest and check every file against it. Raises BackupError."""
    try:
        found: dict[str, Any] = json.loads((folder / NAME).read_text(encoding="utf-8"))
        if found.get("format") != FORMAT:
            message = f"{folder} is a backup of another format than {FORMAT}"
            raise BackupError(message)
        copies = {name: DatabaseCopy(**each) for name, each in found["databases"].items()}
        manifest = Manifest(**{**found, "databases": copies})
    except FileNotFoundError:
        message = f"{folder} is no backup: it has no {NAME}"
        raise BackupError(message) from None
    except (ValueError, TypeError, KeyError, AttributeError):
        message = f"{folder / NAME} is damaged"
        raise BackupError(message) from None
    for name, digest in manifest.files.items():
        if not (folder / name).is_file() or digest_of(folder / name) != digest:
            message = f"{folder / name} is missing or not as it was written"
            raise BackupError(message)
    return manifest


def digest_of(path: Path) -> str:
    """Return the SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
