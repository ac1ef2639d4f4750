"""The people of an agency who can be trained, certified or not."""
