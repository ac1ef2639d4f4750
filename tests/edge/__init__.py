"""Attacks on the public door, by the ids of the catalogue in tests/proof/catalogue.toml."""
