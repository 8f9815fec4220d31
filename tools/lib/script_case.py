# SPDX-License-Identifier: MIT
"""What the tests of the scripts share: a folder of their own, and stand-ins for commands."""

import os
import shutil
import tempfile
import textwrap
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NOBODY = 65534
AS_NOBODY = ["setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups"]


def write(path, text, executable=False):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, 0o755 if executable else 0o644)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


class ScriptCase(unittest.TestCase):
    """Has self.folder, which every user may read and which is removed in the end."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="lockstep-scripts-")
        os.chmod(self.folder, 0o755)
        self.addCleanup(shutil.rmtree, self.folder)

    def make(self, name):
        path = os.path.join(self.folder, name)
        os.makedirs(path)
        return path

    def stand_in(self, name, script):
        """A command that is found before the machine's own; returns the folder to put on PATH."""
        text = "#!/bin/sh\n" + textwrap.dedent(script)
        write(os.path.join(self.folder, "bin", name), text, True)
        return os.path.join(self.folder, "bin")
