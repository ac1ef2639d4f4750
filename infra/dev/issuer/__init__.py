"""OpenID Connect issuer for development: real tokens for demo personas, on this machine only."""
