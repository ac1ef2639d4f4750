"""The door to coordination: what case managers, prosecutors and supervisors may do."""
