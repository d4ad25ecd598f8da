"""What happened, made visible: results of invocations, their logs and their place in time, read through boto3 only, so
that it works on AWS too.

From outside: ``InvocationResult``, ``invoke``, ``LogTable``, ``read_logs``, ``Timeline``, ``read_timeline``.
"""
