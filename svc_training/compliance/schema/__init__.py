"""GraphQL of compliance: requirements, where people stand, exemptions."""

from svc_training.compliance.schema.mutations import ComplianceMutation
from svc_training.compliance.schema.reading import ComplianceQuery

__all__ = ["ComplianceMutation", "ComplianceQuery"]
