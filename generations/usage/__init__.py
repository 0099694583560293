"""What the team spends: usage, statements, and clicks that wait for approval."""
