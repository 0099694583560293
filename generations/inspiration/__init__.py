"""The vendor's gallery."""
