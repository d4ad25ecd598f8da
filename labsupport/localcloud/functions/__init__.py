"""The function engine: runs Lambda functions in real processes under a Runtime API server, as AWS does.

From outside use ``engine.Engine`` (invoke, close) and the dataclasses of ``specification``.
"""
