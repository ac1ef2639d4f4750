"""Who was enrolled before the platform: stays that a site brings in from an earlier system."""
