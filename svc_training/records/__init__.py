"""What training people have had: one record for each person and session, whoever reported it."""
