"""A link as a QR code, drawn here: no address leaves the studio to be drawn elsewhere."""

from functools import lru_cache
from itertools import groupby

import qrcode
from django.utils.html import format_html
from django.utils.safestring import SafeString

BORDER = 2


@lru_cache(maxsize=128)  # drawing takes about 10 ms, and the page of a link is opened again and again
def drawing(address: str) -> SafeString:
    """An SVG of one path, in which modules side by side are one rectangle."""
    code = qrcode.QRCode(border=BORDER)
    code.add_data(address)
    rows = code.get_matrix()
    path = []
    for y, row in enumerate(rows):
        x = 0
        for is_dark, run in groupby(row):
            length = len(list(run))
            if is_dark:
                path.append(f"M{x} {y}h{length}v1h-{length}z")
            x += length
    return format_html(
        '<svg class="qr" xmlns="http://www.w3.org/2000/svg" width="41mm" height="41mm" viewBox="0 0 {0} {0}">'
        '<path d="{1}"/></svg>',
        len(rows),
        "".join(path),
    )
