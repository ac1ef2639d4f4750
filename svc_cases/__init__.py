"""The legal side: whole dockets as the public record has them, and the match to participants."""
