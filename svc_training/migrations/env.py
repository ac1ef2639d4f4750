"""Runs the training service's migrations."""

import svc_training.assignments.tables
import svc_training.catalogue.tables
import svc_training.personnel.tables
import svc_training.sessions.tables  # noqa: F401 - imported for their tables
from infra.migration_environment import run
from infra.tables import Base

run(Base.metadata)
