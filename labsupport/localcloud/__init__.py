"""The local cloud: a program of its own that answers AWS API calls on loopback. Start it with ``labsupport cloud``.

Nothing else in the package imports this room; it is reached over HTTP, as AWS is.
"""
