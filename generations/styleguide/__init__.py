"""Every part of the pages in every state, for whoever works on them."""
