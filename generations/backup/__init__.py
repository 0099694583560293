"""Backups: making them, restoring them, and filling a lost media store from them."""
