"""Who did what, when and from where: a log that grows at one end and is never rewritten."""
