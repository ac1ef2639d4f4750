"""Flexible funds: what was spent for a participant, within the limits of the site."""
