"""What training opens, as authority facts that are handed over to the consent service."""
