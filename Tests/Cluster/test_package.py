"""The Debian package goes into a system that has nothing but apt, runs there, and leaves nothing when it is removed."""

import gzip
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

from cleanroot import CleanRoot

RANKS = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"}
CONFIG = "/usr/share/prune-cluster/configs/fashion-resnet.json"


class Package(unittest.TestCase):
    root: Path
    prefix: Path
    share: Path

    @classmethod
    def setUpClass(cls):
        cls.directory = Path(tempfile.mkdtemp(prefix="package-", dir=cls.prefix.parent))
        cls.package = cls.make(cls.directory)
        cls.system = CleanRoot(cls.directory / "system")
        cls.before = cls.system.files()
        shutil.copy(cls.package, cls.system.directory / "tmp")
        cls.install()

    @classmethod
    def make(cls, directory: Path) -> Path:
        script = [cls.root / "scripts" / "package", "--program", cls.prefix / "bin" / "prune-cluster", directory]
        said = {"SOURCE_DATE_EPOCH": "1767225600", "DEBFULLNAME": "A Person", "DEBEMAIL": "person@debian.org"}
        run = subprocess.run(
            script, capture_output=True, text=True, stdin=subprocess.DEVNULL, env={**os.environ, **said})
        if run.returncode != 0:
            raise AssertionError(run.stderr)
        return Path(run.stdout.strip())

    @classmethod
    def install(cls):
        run = cls.system.run("apt-get", "install", "-y", "-q", "--no-install-recommends", f"/tmp/{cls.package.name}")
        if run.returncode != 0:
            raise AssertionError(run.stdout + run.stderr)

    def field(self, name: str) -> str:
        shown = subprocess.run(["dpkg-deb", "-f", self.package, name], capture_output=True, text=True, check=True)
        return shown.stdout.strip()

    def succeeds(self, *command: object, **variables: str) -> str:
        run = self.system.run(*command, **variables)
        self.assertEqual(run.returncode, 0, f"{command}: {run.stdout}{run.stderr}")
        return run.stdout

    def test_its_version_is_that_of_the_program(self):
        said = self.succeeds("prune-cluster", "--version").strip()
        self.assertEqual(f"{said}-1", f"prune-cluster {self.field('Version')}")
        self.assertEqual((self.system.directory / "usr/share/prune-cluster/VERSION").read_text().splitlines()[0], said)
        news = gzip.open(self.system.directory / "usr/share/doc/prune-cluster/changelog.gz", "rt").read()
        self.assertIn(f"\n## [{said.split()[1]}]", news)

    def test_it_depends_on_what_the_program_loads(self):
        depends = self.field("Depends")
        for name in ("openmpi-bin", "libopenmpi3", "libdnnl", "libopenblas0", "libjpeg", "libpng16", "libssl3", "zlib1g"):
            self.assertIn(name, depends)
        self.assertNotIn("not found", self.succeeds("ldd", "/usr/bin/prune-cluster"))
        ready = self.succeeds("/usr/share/prune-cluster/cluster/check-node")
        self.assertIn(": ready: prune-cluster", ready)

    def test_a_model_can_be_inspected(self):
        model = "/usr/share/prune-cluster/configs/fashion-resnet/fashion-resnet.onnx"
        layers = json.loads(self.succeeds("prune-cluster", "inspect", "--json", model))["layers"]
        self.assertGreater(len(layers), 10)

    def test_the_example_can_be_searched_with_one_and_two_ranks(self):
        self.succeeds("prune-cluster", "search", "--quiet", "--output", "/tmp/one", CONFIG)
        self.succeeds(
            "mpirun", "-n", 2, "--oversubscribe", "--bind-to", "none", "prune-cluster", "search", "--quiet", "--output",
            "/tmp/two", CONFIG, **RANKS)
        for directory in ("/tmp/one", "/tmp/two"):
            self.succeeds("prune-cluster", "verify", directory)
        for name in ("ratios.json", "sensitivities.npz"):
            one, two = ((self.system.directory / "tmp" / run / name).read_bytes() for run in ("one", "two"))
            self.assertTrue(one == two, name)
        ratios = json.loads((self.system.directory / "tmp/one/ratios.json").read_text())
        self.assertGreaterEqual(ratios["achieved"]["compression_ratio"], 2)

    def test_manual_and_completions_are_where_they_are_looked_for(self):
        share = self.system.directory / "usr/share"
        listed = self.succeeds("prune-cluster", "--help").split("SUBCOMMANDS:")[1]
        commands = re.findall(r"^  ([a-z]+) ", listed, re.M)
        self.assertIn("search", commands)
        for name in ("prune-cluster", *(f"prune-cluster-{command}" for command in commands)):
            page = gzip.open(share / f"man/man1/{name}.1.gz", "rt").read()
            self.assertRegex(page, r'(?m)^\.TH ".*" 1 2026-01-01 ')
        for name in ("bash-completion/completions/prune-cluster", "zsh/vendor-completions/_prune-cluster",
                     "fish/vendor_completions.d/prune-cluster.fish"):
            self.assertIn("prune-cluster", (share / name).read_text())

    def test_what_is_removed_is_gone(self):
        installed = [line[1:] for line in self.succeeds("dpkg", "-L", "prune-cluster").splitlines()]
        self.assertIn("usr/bin/prune-cluster", installed)
        self.succeeds("apt-get", "remove", "-y", "-q", "prune-cluster")
        try:
            # What it depends on stays, until it is asked for: all that belongs to other packages.
            lists = (self.system.directory / "var/lib/dpkg/info").glob("*.list")
            owned = {line[1:] for path in lists for line in path.read_text().splitlines()}
            left = self.system.files() - self.before - owned
            self.assertEqual([path for path in sorted(left) if "prune" in path], [])
            self.assertEqual([path for path in installed if path not in owned and
                              os.path.lexists(self.system.directory / path)], [])
            # Not even settings are remembered: there are none.
            self.assertNotEqual(self.system.run("dpkg-query", "-W", "prune-cluster").returncode, 0)
        finally:
            self.install()

    def test_the_same_program_gives_the_same_bytes(self):
        os.utime(self.prefix / "bin" / "prune-cluster", (1, 1))
        again = self.make(self.directory / "again")
        self.assertEqual(again.name, self.package.name)
        self.assertTrue(again.read_bytes() == self.package.read_bytes())

    def test_it_belongs_to_root_and_everyone_may_read_it(self):
        listed = subprocess.run(["dpkg-deb", "-c", self.package], capture_output=True, text=True, check=True).stdout
        for line in listed.splitlines():
            self.assertRegex(line, r"^(d|-|l)rw.r.[x-]r.[x-] root/root |^lrwxrwxrwx root/root ")

    def test_lintian_finds_no_errors(self):
        if shutil.which("lintian") is None:
            self.skipTest("there is no lintian")
        run = subprocess.run(
            ["lintian", "--fail-on", "error", "--tag-display-limit", "0", self.package], capture_output=True, text=True,
            env={**os.environ, "LC_ALL": "C.UTF-8"})
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
