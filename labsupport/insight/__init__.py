"""What happened, made visible: results of invocations and their logs, read through boto3 only, so that it works on AWS
too.

From outside: ``InvocationResult``, ``invoke``, ``LogTable``, ``read_logs``.
"""
