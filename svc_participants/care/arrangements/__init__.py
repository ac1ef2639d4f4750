"""Services that were arranged for a participant, and what became of them."""
