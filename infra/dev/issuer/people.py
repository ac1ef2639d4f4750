"""Who can sign in (the demo personas), and who has."""

import json
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Persona:
    """A demo person with one role, at one agency and site.

    `agency_id` is empty for the accounts of a participant and a representative.
    """

    handle: str
    subject: str
    name: str
    role: str
    agency_id: str | None
    agency_name: str | None
    site_id: str
    site_name: str

    def role_claims(self) -> list[dict[str, str | None]]:
        """Return the claim `gt_roles`: a hint, which the directory must confirm."""
        return [{"role": self.role, "agency": self.agency_id, "site": self.site_id}]


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A persona that somebody chose at `at` (seconds since the epoch)."""

    persona: Persona
    at: int

    def get_user_id(self) -> str:
        """Return the subject; authlib asks for it by this name."""
        return self.persona.subject


def load_personas(demo_file: Path) -> dict[str, Persona]:
    """Return the personas of the demo file by handle, in its order."""
    rows = json.loads(demo_file.read_text(encoding="utf-8"))["personas"]
    return {
        row["persona"]: Persona(
            handle=row["persona"],
            subject=row["subject"],
            name=row["name"],
            role=row["role"],
            agency_id=row["agency"]["id"] if row["agency"] else None,
            agency_name=row["agency"]["name"] if row["agency"] else None,
            site_id=row["site"]["id"],
            site_name=row["site"]["name"],
        )
        for row in rows
    }


def load_synthetic_personas(demo_file: Path) -> dict[str, Persona]:
    """Return those of the synthetic world that may be loaded at any time; none before that."""
    file = demo_file.with_name("synth.json")
    return load_personas(file) if file.exists() else {}
