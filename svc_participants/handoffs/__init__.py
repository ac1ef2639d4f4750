"""Warm handoffs: a case manager comes to the scene; who is on call, and how long it took."""
