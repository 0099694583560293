"""The demo accounts of `make run`: (username, password, role). They exist beside a local sandbox only."""

PEOPLE = [
    ("demo", "a-quiet-studio", "member"),
    ("admin", "a-quiet-admin", "admin"),
]
