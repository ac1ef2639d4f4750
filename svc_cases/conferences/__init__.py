"""Meetings of the Operational Work Group: agenda, pledge, what each attendee may see, minutes."""
