#!/usr/bin/python3
# SPDX-License-Identifier: MIT
# tests/run: timeout=300
"""http_upload.py with a gateway that AddressSanitizer and UBSan watch."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("TRACKD_BUILD") or os.path.join(HERE, "..", "..", "build")
GATEWAY = os.path.join(BUILD, "address", "trackd-http")

if not os.path.exists(GATEWAY):
    print(f"1..0 # SKIP {GATEWAY} is not built")
    sys.exit(0)
os.environ["TRACKD_HTTP_BIN"] = GATEWAY
os.execv(sys.executable, [sys.executable, os.path.join(HERE, "http_upload.py"), *sys.argv[1:]])
