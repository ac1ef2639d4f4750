"""Doors for other standards: FHIR R5, CDS Hooks, and the one-time code that binds a login.

Each runs a committed operation through the pipeline as whoever holds the token, for the purpose
that they state, under the same gate and ledger as any other request. There is no second path.
"""
