"""The person: identity, contact, demographics."""
