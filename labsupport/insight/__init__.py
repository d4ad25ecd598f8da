"""What happened, made visible: results of invocations, their logs and their place in time, and what is deployed; read
through boto3 only, so that it works on AWS too.

From outside: ``InvocationResult``, ``invoke``, ``LogTable``, ``read_logs``, ``Timeline``, ``read_timeline``,
``DeploymentMap``, ``read_map``.
"""
