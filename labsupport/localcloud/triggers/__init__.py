"""Events that call functions: S3 notifications, SNS, EventBridge and CloudWatch Logs that push, and pollers of queues and
streams for event source mappings.

From outside: ``triggers.Triggers`` (the server starts it) and ``mapping.EventSourceMapping`` (the Lambda API keeps them).
"""
