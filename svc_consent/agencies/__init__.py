"""Sites, agencies, their agreements with a site, accounts, role grants, and who is who."""
