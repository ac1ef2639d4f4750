"""The embedded development stack: database server, issuer, demo world and supervisor.

Absent from the production image; no program imports it, it starts programs as processes.
"""
