"""What was made: history, gallery, collections, stars, the trash, and the page of each result."""
