"""Figures of cases: before and after the first referral, diversion, filing, warrants, meetings."""
