"""May this field be resolved for this caller? The agreement as data, compiled into a table."""
