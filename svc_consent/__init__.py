"""Who may know what about whom, and who was told: the consent service."""
