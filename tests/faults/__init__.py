"""Faults between gateway and services: a proxy that makes them, and what is to come of each."""
