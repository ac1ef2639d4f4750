"""Progress letters to a court: made of the approved summary alone, approved, and handed out."""
