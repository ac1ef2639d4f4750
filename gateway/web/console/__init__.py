"""The console: pages for people, rendered here, fed by committed operations through the pipeline.

It has no other way to data: it imports the pipeline's entrance and nothing behind it (import
contract). Sessions live sealed in a cookie; the gateway keeps none.
"""
