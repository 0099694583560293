"""Files: fetched, checked, kept, served, packed."""
