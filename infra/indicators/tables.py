"""Tables of what was published. Append-only: a published figure is never counted again."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from infra.tables import Base


class Publication(Base):
    """That the tables of a population, site and period were published, all at once, for good."""

    __tablename__ = "indicator_publication"

    site_id: Mapped[str] = mapped_column(primary_key=True)
    population: Mapped[str] = mapped_column(primary_key=True)
    starts_on: Mapped[date] = mapped_column(primary_key=True)
    published_at: Mapped[datetime]


class PublishedTable(Base):
    """One table as it may be shown; the counts behind it are not kept."""

    __tablename__ = "indicator_table"
    __table_args__ = (
        ForeignKeyConstraint(
            ["site_id", "population", "starts_on"],
            [
                "indicator_publication.site_id",
                "indicator_publication.population",
                "indicator_publication.starts_on",
            ],
            name="fk_indicator_table_publication",
        ),
    )

    site_id: Mapped[str] = mapped_column(primary_key=True)
    indicator: Mapped[str] = mapped_column(primary_key=True)
    split: Mapped[str] = mapped_column(primary_key=True)
    starts_on: Mapped[date] = mapped_column(primary_key=True)
    population: Mapped[str]
    shown: Mapped[dict[str, Any]]
