"""Alembic's entry: all tables of the service, then the migrations (``infra.migrations``)."""

from infra import idempotency
from infra.authority import tables as authority
from infra.indicators import tables as indicators
from infra.migration_environment import run
from infra.tables import Base
from svc_cases.cases import tables as cases
from svc_cases.coordination import tables as coordination
from svc_cases.counsel import tables as counsel

_DECLARED = (idempotency, indicators, authority, cases, coordination, counsel)
"""Imported for the tables that they declare."""

run(Base.metadata)
