"""Matches in GraphQL: ``words`` describes, ``parts`` hang on ``matches``."""
