"""The ledger as a web page, for people who want to see what was charged."""

import time
from typing import TYPE_CHECKING

from sandbox.answers import Response

if TYPE_CHECKING:
    from sandbox.app import Sandbox


def page(sandbox: "Sandbox") -> Response:
    accounts = "".join(
        f"<tr><td>…{last4}<td>{daily}<td>{purchased}" for _, last4, daily, purchased in sandbox.ledger.accounts()
    )
    charges = "".join(
        f"<tr><td>{charge.number}<td>{time.strftime('%H:%M:%S', time.localtime(charge.at))}"
        f"<td>{charge.reason}<td>{charge.credits}<td>{charge.job}"
        for charge in reversed(sandbox.ledger.charges()[-200:])
    )
    text = (
        "<!doctype html><html lang=en><title>Meigen sandbox</title><h1>Meigen sandbox</h1>"
        f"<p>A pretend Meigen server of edition {sandbox.edition}. Nothing here costs money.</p>"
        f"<p>A session token to try, good for an hour:<br><code>{sandbox.session_token()}</code></p>"
        f"<h2>Accounts</h2><table><tr><th>Token<th>Daily<th>Purchased{accounts}</table>"
        f"<h2>Ledger</h2><table><tr><th>No.<th>Time<th>What<th>Credits<th>Job{charges}</table>"
    )
    return Response(200, text.encode(), {"Content-Type": "text/html; charset=utf-8"})
