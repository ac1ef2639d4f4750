"""Backup of a data folder and its restore; decision record 0009 says what a restore promises."""
