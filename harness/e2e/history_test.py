#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""lockstep history: sessions in, out, listed and drawn; and files and stores that are none."""

import ctypes
import json
import os
import resource
import signal
import sqlite3
import unittest
import xml.etree.ElementTree

import lockstep_case
from lockstep_case import HAS_OWN_SHM, LockstepCase, read, write

ONE, OTHER = "aaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbb"
SVG = "{http://www.w3.org/2000/svg}"


def session(number, machine=ONE, median=100.0, label=None, series=("raw", "reference"), samples=0):
    """The lines of a session, as anybody could write them."""
    name = "%032x" % (number + (1 << 120 if machine == OTHER else 0))
    lines = [{
        "kind": "session", "format": 1, "id": name, "started": "2026-11-23T%02d:%02d:00Z" % (number // 60, number % 60),
        "lockstep": "0.1.0", "command": "./lockstep bench", "label": "commit-%d" % number if label is None else label,
        "machine": {"fingerprint": machine, "facts": {"cpu": "Example 3000", "cpus": "2"}},
    }]
    for implementation in series:
        values = [median + 0.01 * (number * 7 % 5)] * 3
        lines.append({
            "kind": "series", "session": name, "implementation": implementation, "version": "1",
            "quantity": "free/recursive", "unit": "ns", "more_is_better": False, "values": values,
            "ratios": [] if implementation == "raw" else [value / 80 for value in values],
            "samples": [[i, 1] for i in range(samples)],
        })
    lines.append({"kind": "end", "session": name, "series": len(series)})
    return "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)


class History(LockstepCase):
    def history(self, *words, **how):
        return self.lockstep("history", *words, "--out", self.out, **how)

    def file(self, text, name="sessions.jsonl"):
        return write(os.path.join(self.folder, name), text)

    def stored(self, *sessions):
        done = self.history("import", self.file("".join(sessions)))
        self.assert_status(done, 0)
        return done

    @property
    def database(self):
        return os.path.join(self.out, "history.db")


class InAndOut(History):
    def test_importing_twice_adds_nothing_and_says_so(self):
        one = self.file("".join(session(i) for i in range(9)))
        more = self.file("".join(session(i) for i in range(6, 12)), "more.jsonl")
        done = self.history("import", one)
        self.assert_status(done, 0)
        self.assertEqual(done.out, "9 sessions: 9 new, 0 were there\n")
        self.assertEqual(self.history("import", more).out, "6 sessions: 3 new, 3 were there\n")
        self.assertEqual(self.history("import", one, more).out, "15 sessions: 0 new, 15 were there\n")

    def test_what_is_exported_is_what_was_imported(self):
        text = "".join(session(i, samples=40) for i in range(4))
        self.stored(text)
        done = self.history("export")
        self.assert_status(done, 0)
        self.assertEqual(done.out, text)
        target = os.path.join(self.folder, "exported.jsonl")
        self.assertEqual(self.history("export", target).out, "4 sessions to %s\n" % target)
        self.assertEqual(read(target), text)
        self.assertEqual(self.history("export", "--session", "%032x" % 2).out, session(2, samples=40))

    def test_a_file_that_is_cut_off_stores_nothing_of_any_file(self):
        whole = self.file(session(1))
        cut = self.file(session(2) + session(3)[:-30], "cut.jsonl")
        done = self.history("import", whole, cut)
        self.assert_status(done, 2)
        self.assertIn("cut.jsonl:8: the file is cut off: this line is no JSON object", done.err)
        self.assertFalse(os.path.exists(self.database))

    def test_a_file_that_is_wrong_is_told_by_its_line(self):
        done = self.history("import", self.file(session(1).replace('"unit":"ns"', '"unit":7', 1)))
        self.assert_status(done, 2)
        self.assertIn("sessions.jsonl:2: 'unit' has to be a string\n  bench/session/FORMAT.md has the format\n", done.err)

    def test_people_can_ask_it_by_sql(self):
        self.stored(session(1, samples=40))
        with sqlite3.connect(self.database) as database:
            rows = database.execute(
                "SELECT s.label, r.implementation, r.n, r.median, r.median_ratio, r.samples_n, r.p50_ns, r.p999_ns,"
                " json_extract(r.values_json, '$[0]') FROM series r JOIN session s ON s.id = r.session ORDER BY r.place"
            ).fetchall()
        database.close()
        self.assertEqual(rows, [
            ("commit-1", "raw", 3, 100.02, None, 40, 19.0, None, 100.02),
            ("commit-1", "reference", 3, 100.02, 100.02 / 80, 40, 19.0, None, 100.02),
        ])


class Lists(History):
    def test_machines_are_never_mixed(self):
        self.stored(session(1), session(2, label=""), session(3, machine=OTHER, series=("raw",)))
        done = self.history()
        self.assert_status(done, 0)
        self.assertEqual(done.out, self.history("list").out)
        self.assertEqual(done.out, (
            "machine aaaaaaaaaaaaaaaa: cpu Example 3000, cpus 2\n"
            "  started               id            label     series  implementations\n"
            "  2026-11-23T00:01:00Z  000000000000  commit-1       2  raw, reference\n"
            "  2026-11-23T00:02:00Z  000000000000                 2  raw, reference\n\n"
            "machine bbbbbbbbbbbbbbbb: cpu Example 3000, cpus 2\n"
            "  started               id            label     series  implementations\n"
            "  2026-11-23T00:03:00Z  010000000000  commit-3       1  raw\n\n"
            "3 sessions of 2 machines in %s\n" % self.database))

    def test_filters_select_as_those_of_run_do(self):
        self.stored(session(1), session(3, machine=OTHER, series=("raw",)))
        for words, count in (
            (("--machine", "bbbb*"), 1), (("--implementation", "reference"), 1), (("--implementation", "ra"), 2),
            (("--implementation", "r*e"), 1), (("--quantity", "free/*"), 2), (("--machine", OTHER, "--quantity", "free"), 1),
        ):
            done = self.history("list", *words)
            self.assert_status(done, 0)
            self.assertRegex(done.out, r"(?m)^%d session" % count, words)

    def test_a_filter_of_nothing_says_what_there_is(self):
        self.stored(session(1))
        done = self.history("list", "--implementation", "referense")
        self.assert_status(done, 2)
        self.assertIn("no implementation matches 'referense'", done.err)
        self.assertIn("there is raw, reference", done.err)

    def test_no_store_yet_is_no_error_unless_it_is_named(self):
        for verb in ("list", "plot", "changes", "export"):
            done = self.history(verb)
            self.assert_status(done, 0)
            self.assertEqual(done.out, "no sessions yet: there is no %s\n" % self.database)
            done = self.history(verb, "--store", os.path.join(self.folder, "none.db"))
            self.assert_status(done, 2)
            self.assertIn("none.db: there is no such file", done.err)
        self.assertFalse(os.path.exists(self.database))


class Plots(History):
    def setUp(self):
        super().setUp()
        self.stored(*(session(i, median=100 if i < 20 else 130) for i in range(40)))

    def test_a_change_is_marked_below_its_session(self):
        done = self.history("plot", "--implementation", "reference")
        self.assert_status(done, 0)
        lines = done.out.splitlines()
        self.assertEqual(lines[:2], ["machine " + ONE, "  reference  free/recursive, x raw, 40 sessions"])
        self.assertEqual(lines[2], "    " + "▁" * 20 + "█" * 20)
        self.assertEqual(lines[3], "    " + " " * 20 + "^ 2026-11-23T00:20:00Z commit-20: 1.25 to 1.625, +30 % (worse)")
        self.assertEqual(lines[4], "    first 1.25, last 1.625, least 1.25, most 1.625")

    def test_values_take_the_place_of_ratios_when_asked_for(self):
        done = self.history("plot", "--implementation", "reference", "--values")
        self.assertIn("reference  free/recursive, ns, 40 sessions", done.out)
        self.assertEqual(self.history("plot", "--ratios").out, self.history("plot").out)

    def test_changes_are_listed(self):
        done = self.history("changes", "--implementation", "reference")
        self.assert_status(done, 0)
        self.assertRegex(done.out, (
            r"^machine a{16}\n  reference free/recursive: 1.25 to 1.625 x raw, \+30 % \(worse\), p 0.\d+\n"
            r"    since 2026-11-23T00:20:00Z 000000000000 commit-20\n1 change in 1 line\n$"))

    def test_the_drawing_needs_nothing_from_elsewhere(self):
        file = os.path.join(self.folder, "history.svg")
        done = self.history("plot", "--svg", file)
        self.assert_status(done, 0)
        self.assertTrue(done.out.endswith("\n2 lines drawn in %s\n" % file))
        svg = xml.etree.ElementTree.parse(file).getroot()
        self.assertEqual(svg.find(SVG + "title").text, "The history of measurements")
        self.assertIn("+30 % (worse) at 2026-11-23T00:20:00Z", svg.find(SVG + "desc").text)
        self.assertEqual(len(svg.findall(SVG + "g")), 2)
        self.assertIn("prefers-color-scheme:dark", read(file))
        for word in ("<script", "href", "url(", "@import"):
            self.assertNotIn(word, read(file))

    def test_a_drawing_that_cannot_be_written_is_an_error(self):
        done = self.history("plot", "--svg", os.path.join(self.folder, "none", "history.svg"))
        self.assert_status(done, 2)


class Stores(History):
    def test_what_is_no_store_is_refused_and_left_alone(self):
        text = self.file("not a database, " * 200, "notes.db")
        foreign = os.path.join(self.folder, "foreign.db")
        with sqlite3.connect(foreign) as database:
            database.execute("CREATE TABLE session (mine)")
        database.close()
        for store, says in (
            (text, "this is no SQLite database"), (foreign, "this is a database of something else"), (self.folder, "it is a folder"),
            (os.path.join(self.folder, "none", "h.db"), "there is no folder"), ("mysql://u:secret@h/d", "is no store"),
        ):
            done = self.history("import", self.file(session(1)), "--store", store)
            self.assert_status(done, 2)
            self.assertIn(says, done.err)
            self.assertNotIn("secret", done.text)
        self.assertEqual(read(text), "not a database, " * 200)

    def test_a_store_of_a_newer_version_is_refused(self):
        self.stored(session(1))
        with sqlite3.connect(self.database) as database:
            database.execute("INSERT INTO schema_version VALUES (99, 'what is to come')")
        database.close()
        done = self.history("list")
        self.assert_status(done, 2)
        self.assertIn("the store is of version 99, and this Lockstep knows those up to 2", done.err)

    def assert_first_is_whole(self, store):
        with sqlite3.connect(store) as database:
            self.assertEqual(database.execute("PRAGMA integrity_check").fetchone(), ("ok",))
        database.close()
        self.assertEqual(self.history("export", "--store", store).out, session(1))

    def test_a_file_that_may_not_grow_loses_nothing(self):
        self.stored(session(1))
        size = os.path.getsize(self.database)
        big = self.file(session(2, samples=250, series=["i%d" % i for i in range(90)]))

        def limit():
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # The write fails instead.
            resource.setrlimit(resource.RLIMIT_FSIZE, (size + 8192, size + 8192))

        done = self.history("import", big, preexec_fn=limit)
        self.assert_status(done, 2)
        self.assertIn("nothing was stored", done.err)
        self.assert_first_is_whole(self.database)

    @unittest.skipUnless(HAS_OWN_SHM, "only root may mount a disk that is small")
    def test_a_disk_that_is_full_loses_nothing(self):
        disk = os.path.join(self.folder, "disk")
        os.mkdir(disk)
        libc = ctypes.CDLL(None, use_errno=True)
        self.assertEqual(libc.mount(b"none", disk.encode(), b"tmpfs", 0, b"size=128k"), 0)
        self.addCleanup(libc.umount2, disk.encode(), 2)
        store = os.path.join(disk, "history.db")
        self.assert_status(self.history("import", self.file(session(1)), "--store", store), 0)
        big = self.file(session(2, samples=250, series=["i%d" % i for i in range(90)]))
        done = self.history("import", big, "--store", store)
        self.assert_status(done, 2)
        self.assertIn("history.db: the disk is full: nothing was stored", done.err)
        self.assert_first_is_whole(store)


class Usage(History):
    def test_words_that_are_none(self):
        for words, says in (
            (("plto",), "history does not know 'plto'; did you mean 'plot'?"), (("list", "--svg", "x"), "does not take '--svg'"),
            (("import",), "FILE is required"), (("import", "no-such-file"), "no-such-file"),
            (("export", "--session", "xyz"), "expected 1 to 32 hexadecimal digits"), (("plot", "--colour"), "--colour"),
        ):
            if words[0] == "export":
                self.stored(session(1))
            done = self.history(*words)
            self.assert_status(done, 2)
            self.assertIn(says, done.err, str(done))

    def test_help_names_every_verb_of_it(self):
        done = self.lockstep("history", "--help")
        self.assert_status(done, 0)
        self.assertIn("list | plot | changes | export | import", done.out)


if __name__ == "__main__":
    lockstep_case.main()
