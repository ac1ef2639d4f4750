"""The favourable-safe progress summary for justice partners."""
