"""GraphQL of releases: what they say, and signing, revoking and restricting them."""

import svc_consent.releases.schema.words  # noqa: F401 - describes the enums
from svc_consent.releases.schema.news import ReleaseSubscription
from svc_consent.releases.schema.revoking import RevokingMutation
from svc_consent.releases.schema.signing import SigningMutation
from svc_consent.releases.schema.versions import (
    ParticipantReleases,
    Release,
    ReleaseFormsQuery,
    ReleasesQuery,
)

__all__ = [
    "ParticipantReleases",
    "Release",
    "ReleaseFormsQuery",
    "ReleaseSubscription",
    "ReleasesQuery",
    "RevokingMutation",
    "SigningMutation",
]
