"""Links for people outside, and what they see."""
