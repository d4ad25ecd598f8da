"""Lambda's control plane: every operation of the Lambda API except Invoke, on a store of our own.

From outside, use ``api.LambdaApi`` (one per cloud), ``api.Answer`` and ``names.parse_function_name``. A module of
operations uses ``operations.operation`` and ``operations.Call``, the makers of ``errors`` and the records of ``store``.
"""
