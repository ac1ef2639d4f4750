"""A completed training as an Open Badges 3.0 credential, signed as a JWT with Ed25519.

1EdTech Open Badges 3.0 (AchievementCredential, section 8.2: JSON Web Token proof format) over the
W3C Verifiable Credentials Data Model 2.0. The holder is named by a salted hash of the work address
or, without one, of the name, so that the file alone tells nobody whose it is. The key that signs
is kept apart from those of internal tokens and is not rotated, so that old badges stay verifiable.
"""

import hashlib
from collections.abc import Mapping
from typing import Any

from joserfc import jwt

from infra.signing_keys import SigningKeys

BADGE_TYPE = "application/vc+jwt"
ALGORITHM = "Ed25519"
ISSUER_NAME = "Golden Thread training"
_CONTEXTS = [
    "https://www.w3.org/ns/credentials/v2",
    "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json",
]


def credential_of(record: Mapping[str, Any], issuer: str) -> dict[str, Any]:
    """Return the credential of a completed record as the API gives it.

    Args:
        record: ``Query.trainingRecord`` with outcome COMPLETED.
        issuer: URL of who issues it.
    """
    person, course = record["personnel"], record.get("course") or {}
    known_by = person.get("email") or person["name"]
    kind = "emailAddress" if person.get("email") else "name"
    salt = hashlib.sha256(f"salt\n{record['id']}".encode()).hexdigest()[:16]
    hashed = hashlib.sha256(f"{known_by}{salt}".encode()).hexdigest()
    number = course.get("number")
    credential: dict[str, Any] = {
        "@context": _CONTEXTS,
        "id": f"urn:uuid:{record['id']}",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": record["title"],
        "issuer": {"id": issuer, "type": ["Profile"], "name": ISSUER_NAME},
        "validFrom": f"{record['completedOn']}T00:00:00Z",
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [
                {
                    "type": "IdentityObject",
                    "hashed": True,
                    "identityHash": f"sha256${hashed}",
                    "identityType": kind,
                    "salt": salt,
                }
            ],
            "creditsEarned": record["hoursCredited"],
            "achievement": {
                "id": f"{issuer}/courses/{number}" if number else f"urn:uuid:{record['id']}",
                "type": ["Achievement"],
                "achievementType": "Course",
                "name": course.get("title") or record["title"],
                "description": course.get("description") or record["title"],
                "criteria": {"narrative": "Attended and completed the course."},
                "humanCode": number or "",
            },
        },
    }
    if record.get("expiresOn"):
        credential["validUntil"] = f"{record['expiresOn']}T23:59:59Z"
    return credential


def signed(credential: Mapping[str, Any], keys: SigningKeys, now: int) -> str:
    """Return a credential as a signed token that carries the public key to check it with."""
    key = keys.current()
    header = {
        "alg": ALGORITHM,
        "typ": "vc+jwt",
        "kid": key.kid,
        "jwk": key.private.as_dict(private=False),
    }
    claims = {
        **credential,
        "iss": credential["issuer"]["id"],
        "jti": credential["id"],
        "sub": credential["credentialSubject"]["identifier"][0]["identityHash"],
        "nbf": now,
    }
    return jwt.encode(header, claims, key.private, algorithms=[ALGORITHM])
