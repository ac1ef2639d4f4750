"""Statements of the directory: reading and changing it, and who a token stands for."""
