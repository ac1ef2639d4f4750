"""`import`: rows of a site's CSV files, sent one by one through the gateway as commands."""
