"""What happened, made visible: results of invocations, their logs and their place in time, what is deployed, and what it
all would cost; read through boto3 (and the local cloud's own count), so that it works on AWS too.

From outside: ``InvocationResult``, ``invoke``, ``LogTable``, ``read_logs``, ``Timeline``, ``read_timeline``,
``DeploymentMap``, ``read_map``, ``Cost``, ``make_cost``, ``Usage``, ``usage_in_logs``, ``pricing``.
"""
