"""Runs the training service's migrations."""

import infra.indicators.tables  # noqa: F401 - imported for its tables
import svc_training.acadis.tables
import svc_training.assignments.tables
import svc_training.assistance.tables
import svc_training.bulk.tables
import svc_training.calendars.tables
import svc_training.catalogue.tables
import svc_training.compliance.tables
import svc_training.library.tables
import svc_training.personnel.tables
import svc_training.prerequisites.tables
import svc_training.records.tables
import svc_training.results.tables
import svc_training.sessions.tables  # noqa: F401 - imported for their tables
from infra.migration_environment import run
from infra.tables import Base

run(Base.metadata)
