"""The operational protocol of a site: eligibility, charges, exclusions, priorities, clocks."""
