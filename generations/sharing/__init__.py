"""Share links for people outside the team, and what they see."""
