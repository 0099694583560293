"""The studio: the form, its prices, presets, drafts and references."""
