"""`./goldenthread up`: every program as a process of its own, under one supervisor."""
