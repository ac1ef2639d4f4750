"""Search among the people whom the caller may see."""
