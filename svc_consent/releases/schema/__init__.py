"""GraphQL of releases: what they say, and signing and revoking them."""

from svc_consent.releases.schema.mutations import ReleasesMutation
from svc_consent.releases.schema.versions import ParticipantReleases, Release

__all__ = ["ParticipantReleases", "Release", "ReleasesMutation"]
