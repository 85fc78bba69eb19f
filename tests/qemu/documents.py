# SPDX-License-Identifier: MIT
"""The documents that name tests name the right ones (tools/doc_check.py), and the tables of faults and outcomes are
those of the tests (tools/proof_doc.py)."""
import doc_check
import proof_doc
from harness import Failed, job


@job("documents name existing tests")
def documents(_):
    found = doc_check.problems() + proof_doc.problems()
    if found:
        raise Failed("".join("\n      | " + problem for problem in found[:20]))
