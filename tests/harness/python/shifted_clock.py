# SPDX-License-Identifier: MIT
"""Programs whose clocks run ahead, and jump.

    clock = ShiftedClock(site)
    daemon = site.daemon(env=clock.env)
    clock.set(wall=3600)              # its CLOCK_REALTIME; boot= and coarse= are described in shift_clock.c
"""

import mmap
import os
import shlex
import struct
import subprocess

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "shift_clock.c")


class ShiftedClock:
    def __init__(self, site):
        self.shim, self.path = (os.path.join(site.folder, name) for name in ("shift_clock.so", "clock"))
        compiler = shlex.split(os.environ.get("CC", "cc"))
        subprocess.run([*compiler, "-shared", "-fPIC", "-O2", "-o", self.shim, SOURCE], check=True)
        with open(self.path, "wb") as file:
            file.write(bytes(24))
        self.env = {**site.env, "LD_PRELOAD": self.shim, "SHIFT_CLOCK": self.path,
                    "ASAN_OPTIONS": "verify_asan_link_order=0"}

    def set(self, wall=0, boot=0, coarse=0):
        """Seconds by which each clock is ahead from now on."""
        with open(self.path, "r+b") as file, mmap.mmap(file.fileno(), 24) as view:
            view[:] = struct.pack("<qqq", wall, boot, coarse)
