"""Conferences in GraphQL: ``meetings`` are staff records, the ``agenda`` is about participants."""
