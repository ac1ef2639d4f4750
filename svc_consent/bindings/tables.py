"""Tables of one-time codes and of wrong attempts to use one."""

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey


class BindingCode(Base):
    """A code that binds one login to one participant, once. Only its hash is kept."""

    __tablename__ = "binding_code"

    id: Mapped[UuidKey]
    code_hash: Mapped[str] = mapped_column(unique=True)
    participant_id: Mapped[UUID] = mapped_column(index=True)
    site_id: Mapped[UUID]
    kind: Mapped[str]
    authority: Mapped[str | None]
    is_parent: Mapped[bool]
    issued_by: Mapped[UUID | None]
    issued_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    used_by: Mapped[UUID | None]


class BindingAttempt(Base):
    """How often a login has tried a wrong code since an instant."""

    __tablename__ = "binding_attempt"

    login: Mapped[str] = mapped_column(primary_key=True)
    since_at: Mapped[datetime]
    failures: Mapped[int]
