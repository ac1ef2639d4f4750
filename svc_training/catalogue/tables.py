"""Tables of the course catalogue, and of the pages that it was read from."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Numeric
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base, UuidKey, Version


class Course(Base):
    """One course of the academy. ``number`` is the academy's own (four digits).

    ``validity_months`` is how long its certificate holds; None means for good. ``set_by_hand`` has
    what a training manager set, by column, each with the manager's agency.
    """

    __tablename__ = "course"

    id: Mapped[UuidKey]
    number: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    description: Mapped[str]
    contact_name: Mapped[str | None]
    contact_role: Mapped[str | None]
    contact_phone: Mapped[str | None]
    raw_contact_phone: Mapped[str | None]
    audience: Mapped[list[Any]]
    raw_audience: Mapped[str | None]
    authority: Mapped[list[Any]]
    raw_authority: Mapped[str | None]
    registration_text: Mapped[str | None]
    training_category: Mapped[str | None]
    default_hours: Mapped[Decimal | None] = mapped_column(Numeric(6, 2))
    validity_months: Mapped[int | None]
    is_active: Mapped[bool] = mapped_column(default=True)
    set_by_hand: Mapped[dict[str, Any]] = mapped_column(default=dict)
    version: Mapped[Version]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CoursePageText(Base):
    """A page as it stood when it was imported, also one of which nothing could be read.

    ``row_errors`` are the row errors of that import, by line. A page that equals the newest one
    of its course is not stored again.
    """

    __tablename__ = "course_page_text"

    id: Mapped[UuidKey]
    course_id: Mapped[UUID | None] = mapped_column(ForeignKey("course.id"), index=True)
    digest: Mapped[str]
    text: Mapped[str]
    row_errors: Mapped[list[Any]]
    imported_by: Mapped[str]
    imported_at: Mapped[datetime]
