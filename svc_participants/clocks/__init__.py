"""Clocks of a referral: in the zone of the site, paused while nobody could act."""
