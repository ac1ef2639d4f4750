"""Tables of the order of facts: keys, the change feed, and hand-overs already taken.

The facts themselves (``authority_visibility``, ``authority_agency_window``) and the counter row
(``authority_applied``) have the same tables here as in every replica: ``infra.authority.tables``.
"""

from datetime import datetime

from sqlalchemy import Computed, String
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey


class AuthorityKey(Base):
    """At which revision something that decisions rely on was last touched."""

    __tablename__ = "authority_key"

    key: Mapped[str] = mapped_column(primary_key=True)
    revision: Mapped[int]


class AuthorityChange(Base):
    """One revision: what it touched and what it did. Gapless and in commit order."""

    __tablename__ = "authority_change"

    revision: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    keys: Mapped[list[str]] = mapped_column(ARRAY(String))
    operations: Mapped[list[dict[str, object]]]
    operation_count: Mapped[int] = mapped_column(Computed("jsonb_array_length(operations)"))
    at: Mapped[datetime]


class AcceptedFacts(Base):
    """One hand-over that has had its effect, so that its repetition has none."""

    __tablename__ = "authority_accepted"

    issuer: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[UuidKey]
    revision: Mapped[int]
    at: Mapped[datetime]
