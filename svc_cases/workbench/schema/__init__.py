"""The workbench in GraphQL: ``decisions``, ``asking`` the office, and the ``liaison``'s queue."""
