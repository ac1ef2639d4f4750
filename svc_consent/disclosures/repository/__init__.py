"""Statements of the ledger: the gate, the accounting, and the chains as a whole."""
