"""The Meigen API in plain Python: calls, answers, errors, prices, and a sandbox server that speaks it.

Nothing here imports Django. Start with `client.Client` and `calls`.
"""
