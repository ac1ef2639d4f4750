"""A second, slow and obvious reading of the rules: whole world in memory, policy at each leaf.

Written from the agreement's text and not from the product, of which it imports nothing (a test
reads its imports). Where product and oracle differ, the agreement decides who is wrong.
"""
