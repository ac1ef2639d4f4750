"""The court dates of the participants whom a caller works with, and reminders of them."""
