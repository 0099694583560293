"""What talks to Meigen about generations: the catalogue, sending, polling, uploads, and what wakes them.

The rows are the truth; every function here may run twice, late, or on two machines at once.
"""
