"""How much was asked of all gateways together: buckets of tokens that they share.

Nothing here is about a participant. The buckets are unlogged tables: a crash empties them, which
means that everybody may ask again (decision record 0015).
"""
