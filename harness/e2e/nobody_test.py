#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""The main job from a clone, by a user who is nobody: who builds it, runs it, and owns nothing else."""

import os
import shutil
import subprocess
import tempfile
import unittest

import lockstep_case
from lockstep_case import NOBODY, ROOT, LockstepCase, is_root

# A whole build on a machine that is busy with other things.
BOUND_S = 1700


def is_clone():
    command = ["git", "-c", "safe.directory=*", "-C", ROOT, "rev-parse", "HEAD"]
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0
    except OSError:
        return False


def copy_of_compiler_cache(folder):
    """Whether it builds is in question, not for how long: what root has compiled for this tree is not compiled again. The variables
    that make it so; without a compiler cache, or where it lies on another disk, all is compiled."""
    ccache = shutil.which("ccache")
    if ccache is None:
        return {}
    cache = subprocess.run([ccache, "--get-config", "cache_dir"], capture_output=True, text=True, check=True).stdout.strip()
    os.makedirs(folder)
    subprocess.run(["cp", "-al", cache + "/.", folder], stderr=subprocess.DEVNULL)
    for path, _, _ in os.walk(folder):
        os.chown(path, NOBODY, NOBODY)
    return {"CCACHE_DIR": folder, "LOCKSTEP_WERROR": os.environ.get("LOCKSTEP_WERROR", "OFF")}


@unittest.skipUnless(is_root(), "only root can become another user; others build as one anyway")
@unittest.skipUnless(is_clone(), "this tree is no clone, and has no commit to be cloned")
class Nobody(LockstepCase):
    def test_the_main_job_needs_no_more_than_a_clone_and_a_home(self):
        home = tempfile.mkdtemp(prefix="lockstep-e2e-")
        self.addCleanup(shutil.rmtree, home)
        clone = os.path.join(home, "lockstep")
        subprocess.run(
            ["git", "-c", "safe.directory=*", "clone", "--quiet", "--no-hardlinks", ROOT, clone],
            check=True, env=self.environment(), stdin=subprocess.DEVNULL,
        )
        for folder, folders, files in os.walk(home):
            for name in folders + files:
                os.lchown(os.path.join(folder, name), NOBODY, NOBODY)
        os.chown(home, NOBODY, NOBODY)
        os.chmod(home, 0o755)
        variables = copy_of_compiler_cache(os.path.join(home, ".ccache"))
        command = [
            "setpriv", "--reuid=%d" % NOBODY, "--regid=%d" % NOBODY, "--clear-groups",
            "./lockstep", "--no-install", "run", "--filter", "acquire/*", "reference",
        ]
        process = subprocess.Popen(
            command, cwd=clone, env=self.environment(HOME=home, TMPDIR=home, **variables),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )
        done = self.finish(process, BOUND_S)
        self.assert_status(done, 0)
        self.assertRegex(done.out, r"(?m)^reference .*\d+ pass")
        self.assertTrue(os.path.exists(os.path.join(clone, "out", "results.jsonl")))
        untracked = subprocess.run(
            ["git", "-c", "safe.directory=*", "-C", clone, "status", "--porcelain"],
            capture_output=True, text=True, check=True,
        ).stdout
        self.assertEqual(untracked, "", "the run changed the tree")


if __name__ == "__main__":
    lockstep_case.main()
