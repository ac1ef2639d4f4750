"""Somebody outside to whom an answer is handed over: a court that is sent a letter.

Whoever runs the operation may see what it answers; that it may be handed on is a release of its
own. The gate decides it as the recipient, under the same lock, and the ledger has it as a
disclosure to them (decision table, D31).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from infra.errors import GoldenThreadError
from infra.vocabulary import Category, Purpose, Role


class RecipientNotNamedError(GoldenThreadError):
    """No release names the recipient for all that the answer tells; nothing leaves."""

    code = "RECIPIENT_NOT_NAMED"


@dataclass(frozen=True, slots=True)
class StatedRecipient:
    """To whom an answer is handed over.

    Attributes:
        agency_id: the agency that gets it.
        role: in which role somebody there reads it.
        purpose: what for.
        access: on which grounds the role may see each category; the policy fills it in.
    """

    agency_id: str
    role: Role
    purpose: Purpose
    access: Mapping[Category, str] = field(default_factory=dict)
