"""Files: fetching, checking, storing, serving and packing them."""
