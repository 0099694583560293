"""The demo accounts of `make run`: (username, password, role). They are created only with a local sandbox."""

PEOPLE = [
    ("demo", "a-quiet-studio", "member"),
    ("admin", "a-quiet-admin", "admin"),
]
