"""The public record: whole dockets with charges and hearings. It knows no participant."""
