"""Whom a TLS connection trusts: what httpx does, or SSL_CERT_FILE and SSL_CERT_DIR name."""

import ssl
from functools import cache

import httpx


@cache
def context() -> ssl.SSLContext:
    """One for all clients of the process. To read the authorities takes longer than a call, and a client that is not
    given a context reads them even where it is only going to speak http."""
    return httpx.create_ssl_context()
