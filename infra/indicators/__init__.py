"""Numbers without names: tables of people that are counted once, suppressed and published.

What to count is each service's own (its slice ``indicators``); how it is counted, suppressed, kept
and read is here, alike in all of them. Decision record 0008 says why there are no free queries.
"""
