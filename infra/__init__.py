"""Ground floor: what all programs stand on; it imports none of them."""
