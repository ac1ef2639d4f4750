"""Lists of people, chosen and sorted by what the caller may know of each."""
