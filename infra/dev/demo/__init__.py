"""The demo world: two fictional sites, their agencies, people and dockets, as data.

Everything here is invented. Surnames begin with "Example" or "Sample" so that no row can be taken
for a real person. `world.py` describes the file that the services' seed commands read.
"""
