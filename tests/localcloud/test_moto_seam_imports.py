"""moto's Lambda is loaded, and changed by the seam, when something first needs it."""

from __future__ import annotations

import subprocess
import sys
import textwrap


def run(program):
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def test_the_seam_does_not_load_motos_lambda_by_itself():
    assert run("""
        import sys
        from labsupport.localcloud import moto_seam, moto_seam_access
        from moto.backends import get_backend
        [get_backend(service) for service in ("s3", "iam", "logs", "sts", "sqs")]
        print("moto.awslambda.models" in sys.modules)
    """) == ["False"]


def test_whoever_loads_motos_lambda_first_gets_it_changed_already():
    assert run("""
        from labsupport.localcloud.moto_seam_imports import after_import
        def change():
            from labsupport.localcloud import moto_seam_lambda
            moto_seam_lambda.replace_functions(moto_seam_lambda.LambdaClient("127.0.0.1:1"), lambda **_: None)
            print("changed")
        after_import("moto.awslambda.models", change)
        print("not yet")
        from moto.awslambda.utils import get_backend
        from moto.awslambda.models import LambdaStorage
        print(LambdaStorage.get_arn.__module__)
        get_backend("123456789012", "us-east-1")
    """) == ["not yet", "changed", "labsupport.localcloud.moto_seam_lambda"]


def test_a_module_that_is_there_already_is_changed_at_once_and_another_import_changes_nothing():
    assert run("""
        import json
        from labsupport.localcloud.moto_seam_imports import after_import
        after_import("json", lambda: print("at once"))
        after_import("colorsys", lambda: print("after"))
        import colorsys
        import importlib; importlib.reload(colorsys)
        print("done")
    """) == ["at once", "after", "done"]


def test_the_parts_of_moto_that_mock_are_not_loaded():
    assert run("""
        import sys
        from labsupport.localcloud.moto_seam_imports import leave_out_mocking
        leave_out_mocking()
        from labsupport.localcloud import moto_seam, moto_seam_access
        from moto.backends import get_backend
        [get_backend(service) for service in ("s3", "iam", "logs", "sts", "sqs", "sns", "dynamodb")]
        print([name for name in ("responses", "boto3.session", "yaml", "unittest.mock", "charset_normalizer.api") if name in sys.modules])
        import requests
        print(requests.structures.CaseInsensitiveDict(A=1)["a"])
        import boto3
        from boto3 import Session
        print("boto3.session" in sys.modules, Session(region_name="eu-west-1").region_name)
        import boto3
        from boto3.session import Session
        print(boto3.Session is Session, hasattr(boto3, "__version__"))
    """) == ["[]", "1", "False eu-west-1", "True True"]


def test_a_name_that_only_motos_mocking_has_brings_it():
    assert run("""
        import sys
        from labsupport.localcloud.moto_seam_imports import leave_out_mocking
        leave_out_mocking()
        import moto
        from moto.core.models import DEFAULT_ACCOUNT_ID
        print("responses" in sys.modules)
        from moto.core.models import responses_mock, RESPONSES_METHODS
        print("responses" in sys.modules, len(RESPONSES_METHODS))
        import moto.core.models
        print(moto.core.models.DEFAULT_ACCOUNT_ID == DEFAULT_ACCOUNT_ID, hasattr(moto.core.models, "not there"))
        from moto.apigateway.models import apigateway_backends
    """) == ["False", "True 7", "True False"]
