"""GraphQL of sessions: reading them, importing a course page, keeping their places."""

from svc_training.sessions.schema.mutations import SessionsMutation
from svc_training.sessions.schema.planning import PlanningMutation
from svc_training.sessions.schema.reading import Session, SessionNumber, SessionsQuery

__all__ = ["PlanningMutation", "Session", "SessionNumber", "SessionsMutation", "SessionsQuery"]
