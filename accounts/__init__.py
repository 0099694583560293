"""People and their Meigen tokens: accounts, sign-in, the vault."""
