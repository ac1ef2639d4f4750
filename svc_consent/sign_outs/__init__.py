"""Which sessions of the console have ended before their time, for all gateways together.

Nothing here says whose they are: gateways name them by a keyed hash (decision record 19).
"""
