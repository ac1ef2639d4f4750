"""The order of authority facts: revision, keys, change feed, hand-overs, decisions."""
