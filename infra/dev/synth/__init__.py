"""The synthetic world: sites of about a thousand participants each, as many as are asked for.

Everything follows from seed, number and size of a site, so that a second run makes the same rows.
Distributions and where they come from: `distributions.toml` and infra/docs/synthetic.md.
"""
