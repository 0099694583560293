"""The Meigen API in plain Python: calls, responses, errors and prices.

Nothing here imports Django. Start with `client.Client` and `calls`.
"""
