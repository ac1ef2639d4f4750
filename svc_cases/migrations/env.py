"""Alembic's entry: all tables of the service, then the migrations (``infra.migrations``)."""

from infra import idempotency
from infra.authority import tables as authority
from infra.indicators import tables as indicators
from infra.migration_environment import run
from infra.tables import Base
from svc_cases.cases import tables as cases
from svc_cases.conferences import tables as conferences
from svc_cases.coordination import tables as coordination
from svc_cases.counsel import tables as counsel
from svc_cases.court_dates import tables as court_dates
from svc_cases.letters import tables as letters
from svc_cases.requests import tables as requests

_DECLARED = (
    idempotency, indicators, authority, cases, conferences, coordination, counsel, court_dates,
    letters, requests,
)  # fmt: skip
"""Imported for the tables that they declare."""

run(Base.metadata)
