"""A real browser on the console: for pictures of every page, and for the tests that use it."""
