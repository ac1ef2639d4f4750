"""Tables of the resource library."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class LibraryResource(Base):
    """One piece of material as it is now; ``link`` or ``body`` holds it."""

    __tablename__ = "library_resource"
    __table_args__ = (Index("ix_library_resource_order", "updated_on", "id"),)

    id: Mapped[UuidKey]
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    summary: Mapped[str]
    category: Mapped[str]
    tags: Mapped[list[Any]]
    is_printable: Mapped[bool]
    link: Mapped[str | None]
    body: Mapped[str | None]
    updated_on: Mapped[date]
    is_withdrawn: Mapped[bool]
    changed_by: Mapped[str]
    changed_at: Mapped[datetime]
    version: Mapped[Version]


class LibraryResourceVersion(Base):
    """A resource as it was in one version."""

    __tablename__ = "library_resource_version"

    resource_id: Mapped[UUID] = mapped_column(ForeignKey("library_resource.id"), primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]
