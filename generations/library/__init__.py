"""Everything that was generated: history, gallery, collections, stars, the trash, and the page of each result."""
