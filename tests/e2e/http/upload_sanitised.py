#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/run: timeout=300
"""upload.py and upload_trouble.py with a gateway that AddressSanitizer and UBSan watch."""

import os
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("TRACKD_BUILD") or os.path.join(HERE, "../../../build")
GATEWAY = os.path.join(BUILD, "address", "trackd-http")

if not os.path.exists(GATEWAY):
    print(f"1..0 # SKIP {GATEWAY} is not built")
    sys.exit(0)
os.environ["TRACKD_HTTP_BIN"] = GATEWAY
sys.path[:0] = [HERE, os.path.join(HERE, "../../harness/python")]
import upload  # their tests register themselves
import upload_trouble
from e2e import main

main()
