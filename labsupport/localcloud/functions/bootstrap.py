"""First file that runs inside an execution environment (AWS's lies at the same place, /var/runtime/bootstrap.py).

Python compiles it at each start, so it is short; ``runtime_start`` is kept compiled.
"""

import sys

sys.path.insert(0, __file__.rpartition("/")[0])
from runtime_start import main  # type: ignore[import-not-found]  # noqa: E402

main()
