"""The demo's people: clearly synthetic, with plausible content, the same each time."""
