"""Meigen's public gallery."""
