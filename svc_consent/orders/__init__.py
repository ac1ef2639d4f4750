"""Court orders under 42 CFR part 2, subpart E: admitted by counsel, limited to what they list."""
