"""The environment variables of a Python function, complete and nothing more.

Source: Lambda Developer Guide, "Working with Lambda environment variables" (defined runtime variables), and the list
that a function on AWS prints. The host's own variables never reach a function.
"""

from __future__ import annotations

from .specification import FunctionSpecification

#: A function's own variables may replace these.
_REPLACEABLE = {
    "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
    "LANG": "en_US.UTF-8",
    "LC_CTYPE": "C.UTF-8",
    "LD_LIBRARY_PATH": "/var/lang/lib:/lib64:/usr/lib64:/var/runtime:/var/runtime/lib:/var/task:/var/task/lib:/opt/lib",
    "PATH": "/var/lang/bin:/usr/local/bin:/usr/bin/:/bin:/opt/bin",
    "PWD": "/var/task",
    "PYTHONPATH": "/var/runtime",
    "SHLVL": "0",
    "TZ": ":UTC",
}


def environment_variables(
    specification: FunctionSpecification,
    credentials: dict[str, str],
    log_stream: str,
    runtime_api_port: int,
    initialization_type: str = "on-demand",
) -> dict[str, str]:
    """Variables for the processes of one execution environment.

    ``AWS_LAMBDA_RUNTIME_API`` names a loopback port here; on AWS it is 169.254.100.1:9001.
    """
    variables = _REPLACEABLE | specification.variables
    variables |= {
        "AWS_ACCESS_KEY_ID": credentials["access_key_id"],
        "AWS_SECRET_ACCESS_KEY": credentials["secret_access_key"],
        "AWS_SESSION_TOKEN": credentials["session_token"],
        "AWS_DEFAULT_REGION": specification.region,
        "AWS_REGION": specification.region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{specification.runtime}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(specification.memory_size),
        "AWS_LAMBDA_FUNCTION_NAME": specification.name,
        "AWS_LAMBDA_FUNCTION_VERSION": specification.version,
        "AWS_LAMBDA_INITIALIZATION_TYPE": initialization_type,
        "AWS_LAMBDA_LOG_GROUP_NAME": specification.log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": log_stream,
        "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{runtime_api_port}",
        "AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1:2000",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": "/var/task",
        "_AWS_XRAY_DAEMON_ADDRESS": "169.254.100.1",
        "_AWS_XRAY_DAEMON_PORT": "2000",
        "_HANDLER": specification.handler,
    }
    if specification.log_format == "JSON":
        variables["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
        variables["AWS_LAMBDA_LOG_LEVEL"] = specification.application_log_level or "INFO"
    return variables
