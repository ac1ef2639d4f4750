"""How agencies and roles are kept in order: two-person approval, seats, MOUs, access reviews."""
