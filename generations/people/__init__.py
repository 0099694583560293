"""People who come and go: joining, what they leave behind, and the pages of the admin for that."""
