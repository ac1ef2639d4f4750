"""Attendance, results and certificates; training completed elsewhere; verifiable badges."""
