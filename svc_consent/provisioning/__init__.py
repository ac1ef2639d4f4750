"""Accounts and groups that an agency's identity provider provisions; groups propose roles."""
