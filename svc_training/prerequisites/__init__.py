"""What a course asks for beforehand, and how far each person is with it."""
