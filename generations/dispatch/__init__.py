"""Everything that talks to Meigen: the catalogue, sending, polling, fetching, and what wakes them.

The rows are the truth; every function here may run twice, late, or on two machines at once.
"""
