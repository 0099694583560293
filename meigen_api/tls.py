"""The certificate authorities to trust: httpx's defaults, or those in SSL_CERT_FILE and SSL_CERT_DIR."""

import ssl
from functools import cache

import httpx


@cache
def context() -> ssl.SSLContext:
    """One TLS context for all clients of the process. Loading the authorities takes longer than a call, and a client
    without a given context loads them even if it only speaks http."""
    return httpx.create_ssl_context()
