"""Who asks, once verified: the token's subject, confirmed by the directory in ``svc_consent``."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from infra.vocabulary import Category, Role


@dataclass(frozen=True, slots=True)
class Grant:
    """One role that a person holds now, at an agency whose MOU is live.

    ``withheld``: categories that it does not open now, for example for want of training.
    ``withheld_figures``: categories that it does not count, since its site has not agreed to it.
    """

    id: str
    role: Role
    agency_id: str
    site_id: str
    is_liaison: bool
    service_field: str | None
    withheld: frozenset[Category] = frozenset()
    withheld_figures: frozenset[Category] = frozenset()


@dataclass(frozen=True, slots=True)
class Directory:
    """What the directory says about a subject at one revision.

    Attributes:
        subject: account id, or None for somebody the directory does not know.
        revision: authority revision of the snapshot this was read from.
        valid_until: when time alone could change it.
    """

    subject: str | None
    is_blocked: bool
    grants: Mapping[str, Grant]
    revision: int
    valid_until: datetime | None


@dataclass(frozen=True, slots=True)
class Principal:
    """The one grant under which a request acts; rights are never added up."""

    subject: str
    grant: Grant
    revision: int
    valid_until: datetime | None
