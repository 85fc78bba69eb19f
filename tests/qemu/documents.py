# SPDX-License-Identifier: MIT
"""The documents that name tests name the right ones (tools/doc_check.py)."""
import doc_check
from harness import Failed, job


@job("documents name existing tests")
def documents(_):
    found = doc_check.problems()
    if found:
        raise Failed("".join("\n      | " + problem for problem in found[:20]))
