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
