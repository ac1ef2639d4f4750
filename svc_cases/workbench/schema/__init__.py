"""The workbench in GraphQL: ``decisions``, ``asking``, the ``liaison``'s queue, ``searching``."""
