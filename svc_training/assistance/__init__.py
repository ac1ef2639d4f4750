"""Requests for technical assistance to the LEAD Support Bureau."""
