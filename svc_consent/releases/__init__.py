"""Releases of information (ROI): versions, provisions, signing, revoking."""
