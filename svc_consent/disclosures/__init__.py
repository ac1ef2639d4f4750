"""Who was told what: the release gate, the ledger, the participant's accounting."""
