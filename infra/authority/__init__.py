"""Who may see whom, as rows: the form that ``svc_consent`` decides from and that services copy.

``svc_consent`` writes these tables; every other service keeps a replica, fed in the order of
revisions (``follower``). One predicate (``predicate``) narrows rows everywhere, so that a list
and the fence agree by construction. ``handover`` carries facts that other services own.
"""
