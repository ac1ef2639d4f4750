"""What a site runs beside the core: programmes with their own entry, capacity and lodging."""
