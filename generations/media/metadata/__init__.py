"""Metadata in files: removing, blanking and adding it."""
