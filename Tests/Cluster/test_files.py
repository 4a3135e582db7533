"""What is in `cluster/` can be read by those that it is for, and what `scripts/install` makes runs wherever it lies."""

import os
import re
import shutil
import subprocess
import tempfile
import unittest
from pathlib import Path

import isolation


class Scripts(unittest.TestCase):
    root: Path
    prefix: Path
    share: Path

    def scripts(self) -> list:
        found = [path for folder in ("cluster", "scripts") for path in sorted((self.root / folder).rglob("*"))
                 if path.is_file() and (path.suffix == ".sh" or path.read_bytes().startswith(b"#!/usr/bin/env bash"))]
        self.assertGreater(len(found), 6)
        return found

    def test_bash_can_read_every_script(self):
        for script in self.scripts():
            with self.subTest(script=script.name):
                run = subprocess.run(["bash", "-n", script], capture_output=True, text=True)
                self.assertEqual((run.returncode, run.stderr), (0, ""))

    def test_shellcheck_has_nothing_to_say(self):
        if shutil.which("shellcheck") is None:
            self.skipTest("there is no shellcheck")
        run = subprocess.run(
            ["shellcheck", "-x", *[path.relative_to(self.root) for path in self.scripts()]], cwd=self.root,
            capture_output=True, text=True)
        self.assertEqual(run.stdout, "")

    def test_the_scripts_refuse_what_they_cannot_do(self):
        run_on_hosts = self.share / "cluster" / "run-on-hosts"
        sweep = self.share / "cluster" / "slurm" / "sweep"
        install, package = self.root / "scripts" / "install", self.root / "scripts" / "package"
        for command, code in (
            ([run_on_hosts], 64), ([run_on_hosts, "--threads", "0", "a.json"], 64), ([run_on_hosts, "-n"], 64),
            ([run_on_hosts, "/no/config.json"], 66), ([sweep], 64), ([sweep, "/no/config.json", "/no/targets"], 66),
            ([install], 64), ([install, "/a", "/b"], 64), ([install, "--program", "/no/program", "/a"], 66),
            ([package, "a", "b"], 64), ([package, "--program"], 64), ([package, "--program", "/no/program"], 66),
            ([self.root / "scripts" / "build", "x"], 64), ([self.root / "scripts" / "manual"], 64),
        ):
            with self.subTest(command=command):
                run = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
                self.assertEqual(run.returncode, code, run.stderr)

    def test_exit_codes_are_those_that_the_page_promises(self):
        with tempfile.TemporaryDirectory(dir=self.prefix.parent) as directory:
            mpirun, program = Path(directory) / "mpirun", Path(directory) / "prune-cluster"
            mpirun.write_text("#!/bin/sh\nexit $LAUNCHED\n")
            program.write_text('#!/bin/sh\n[ "$1" = verify ] && exit $VERIFIED\nexit 70\n')
            for stub in (mpirun, program):
                stub.chmod(0o755)
            config = Path(directory) / "config.json"
            config.write_text("{}")
            # Zero counts only with a result that is complete: mpirun has been seen to give it after a host had failed.
            for launched, verified, code in (
                (0, 0, 0), (0, 65, 69), (0, 66, 69), (75, 65, 75), (69, 65, 69), (137, 65, 69), (138, 65, 69),
                (205, 65, 69), (110, 65, 69), (1, 65, 69), (64, 65, 64), (74, 65, 74), (78, 65, 78), (127, 65, 127),
            ):
                environment = {
                    **os.environ, "PATH": f"{directory}:{os.environ['PATH']}", "PRUNE_CLUSTER": str(program),
                    "LAUNCHED": str(launched), "VERIFIED": str(verified)}
                run = subprocess.run(
                    [self.share / "cluster" / "run-on-hosts", config], capture_output=True, text=True, env=environment)
                self.assertEqual(run.returncode, code, f"launcher {launched}, verify {verified}: {run.stderr}")

    def test_scripts_and_program_agree_on_the_output_directory(self):
        program = self.prefix / "bin" / "prune-cluster"
        with tempfile.TemporaryDirectory(dir=self.prefix.parent) as directory:
            folder = Path(directory) / "configs"
            folder.symlink_to(self.root / "configs")
            for options in (
                [], ["--output", "here"], ["--output=/some/where"], ["--set", "output.directory=there"],
                ["--set=output.directory=there", "--output", "here", "--quiet"],
            ):
                with self.subTest(options=options):
                    show = f'. "{self.share}/cluster/supervise.sh"; output_directory "$@"'
                    config = "configs/fashion-resnet.json"
                    ours = subprocess.run(
                        ["bash", "-c", show, "_", config, *options], cwd=directory, capture_output=True, text=True)
                    dry = subprocess.run(
                        [program, "search", "--dry-run", config, *options], cwd=directory, capture_output=True, text=True)
                    theirs = re.search(r"^files in (.*): ", dry.stdout, re.M)
                    self.assertTrue(theirs, dry.stderr)
                    self.assertEqual(Path(directory, theirs[1]), Path(ours.stdout.strip()))

    def test_settings_that_are_there_already_stay(self):
        show = f". {self.share}/cluster/environment.sh && env"
        for given, expected in (({}, "6"), ({"OMPI_MCA_oob_tcp_keepalive_time": "60"}, "60")):
            run = subprocess.run(["bash", "-c", show], capture_output=True, text=True, env={**os.environ, **given})
            self.assertIn(f"OMPI_MCA_oob_tcp_keepalive_time={expected}\n", run.stdout)


class Recipes(unittest.TestCase):
    root: Path
    share: Path
    prefix: Path

    def test_the_mpijob_has_what_the_operator_reads(self):
        try:
            import yaml
        except ImportError:
            self.skipTest("there is no PyYAML")
        job = yaml.safe_load((self.root / "cluster" / "kubernetes" / "mpijob.yaml").read_text())
        self.assertEqual((job["apiVersion"], job["kind"]), ("kubeflow.org/v2beta1", "MPIJob"))
        specification = job["spec"]
        self.assertEqual(
            set(specification),
            {"launcherCreationPolicy", "slotsPerWorker", "sshAuthMountPath", "runPolicy", "mpiReplicaSpecs"})
        # What stops has failed, for Kubernetes: only further attempts make it go on.
        self.assertGreater(specification["runPolicy"]["backoffLimit"], 0)
        self.assertEqual(specification["runPolicy"]["cleanPodPolicy"], "Running")
        replicas = specification["mpiReplicaSpecs"]
        self.assertEqual(set(replicas), {"Launcher", "Worker"})
        launcher, worker = replicas["Launcher"], replicas["Worker"]
        self.assertEqual(launcher["replicas"], 1)
        ranks = worker["replicas"] * specification["slotsPerWorker"]
        pods = [replica["template"]["spec"] for replica in (launcher, worker)]
        arguments = pods[0]["containers"][0]["args"]
        self.assertEqual(int(arguments[arguments.index("-n") + 1]), ranks)
        for replica, pod in zip((launcher, worker), pods):
            self.assertIn(replica["restartPolicy"], ("Never", "OnFailure"))
            self.assertEqual(replica["template"]["metadata"]["annotations"]["sidecar.istio.io/inject"], "false")
            self.assertEqual(pod["securityContext"]["runAsUser"], 1000)
            volumes = {volume["name"] for volume in pod["volumes"]}
            for container in pod["containers"]:
                self.assertLessEqual({mount["name"] for mount in container["volumeMounts"]}, volumes)
        # Both see the config and the results at one path.
        claims = [{(volume["persistentVolumeClaim"]["claimName"], mount["mountPath"])
                   for volume in pod["volumes"] if "persistentVolumeClaim" in volume
                   for mount in pod["containers"][0]["volumeMounts"] if mount["name"] == volume["name"]}
                  for pod in pods]
        self.assertEqual(claims[0], claims[1])
        self.assertTrue(arguments[-1].startswith(next(iter(claims[0]))[1] + "/"))
        # What the image has: its user's folder, its program.
        image = (self.root / "cluster" / "container" / "Dockerfile").read_text()
        self.assertIn("useradd --uid 1000 --create-home prune", image)
        self.assertEqual(specification["sshAuthMountPath"], "/home/prune/.ssh")
        self.assertIn(pods[1]["containers"][0]["command"][-1], image)
        port = pods[1]["containers"][0]["readinessProbe"]["tcpSocket"]["port"]
        self.assertEqual(re.findall(r"Port (\d+)", image), [str(port)] * 2)
        installed = pods[0]["containers"][0]["command"][0]
        self.assertTrue((self.share / Path(installed).relative_to("/opt/prune-cluster/share/prune-cluster")).is_file())

    def test_the_dockerfile_copies_only_what_is_there(self):
        path = self.root / "cluster" / "container" / "Dockerfile"
        lines = re.sub(r"\\\n", " ", path.read_text()).splitlines()
        steps = [line.split(None, 1) for line in lines if line and not line.startswith("#")]
        known = {"ARG", "FROM", "COPY", "WORKDIR", "RUN", "ENV", "USER", "CMD"}
        self.assertLessEqual({step[0] for step in steps}, known)
        stages = [step[1].split() for step in steps if step[0] == "FROM"]
        self.assertEqual([stage[0] for stage in stages], ["swift:${SWIFT}-bookworm", "debian:bookworm-slim"])
        names = [stage[2] for stage in stages if len(stage) == 3]
        for step in steps:
            if step[0] == "COPY" and (stage := re.search(r"--from=(\S+)", step[1])):
                self.assertIn(stage[1], names)
            if step[0] == "RUN":
                run = subprocess.run(["bash", "-n", "-c", step[1]], capture_output=True, text=True)
                self.assertEqual(run.returncode, 0, run.stderr)

    def test_the_recipe_of_apptainer_installs_what_the_dockerfile_does(self):
        recipe = (self.root / "cluster" / "container" / "apptainer.def").read_text()
        self.assertEqual(re.findall(r"^Stage: (\w+)$", recipe, re.M), ["build", "final"])
        sources = re.search(r"%files\n((?:  .*\n)+)", recipe)[1].split()[::2]
        for source in sources:
            self.assertTrue((self.root / source).exists(), source)
        # All that a build and scripts/install read.
        self.assertLessEqual({"Package.swift", "Sources", "Tests", "scripts", "cluster", "configs", "docs", "CHANGELOG.md",
                              "CONTRIBUTING.md"},
                             set(sources))
        packages = re.search(r"--no-install-recommends \\\n(.*)", recipe)[1].split()
        image = (self.root / "cluster" / "container" / "Dockerfile").read_text()
        image_packages = re.search(r"--no-install-recommends \\\n(.*) \\\n", image)[1].split()
        self.assertEqual(set(image_packages) - set(packages), {"openssh-client", "openssh-server"})

    def test_the_example_of_a_hostfile_has_hosts_and_slots(self):
        for line in (self.root / "cluster" / "hostfile.example").read_text().splitlines():
            self.assertRegex(line, r"^(#.*|[a-z0-9.-]+ slots=[1-9][0-9]*)$")

    def test_the_example_of_a_sweep_uses_options_that_solve_has(self):
        options = subprocess.run(
            [self.prefix / "bin" / "prune-cluster", "solve", "--help"], capture_output=True, text=True).stdout
        targets = (self.root / "cluster" / "slurm" / "sweep.example").read_text()
        used = set(re.findall(r"--[a-z-]+", re.sub(r"(?m)^#.*$", "", targets)))
        self.assertGreater(len(used), 3)
        for option in used:
            self.assertIn(option + " ", options)

    def test_the_page_names_only_files_that_are_there(self):
        pages = [self.root / "docs" / "cluster.md", self.root / "cluster" / "README.md"]
        for page in pages:
            for name in re.findall(r"`((?:cluster|scripts)/[\w./-]+)`", page.read_text()):
                self.assertTrue((self.root / name).exists(), f"{page.name}: {name}")
        # Every script has its line in the list of what is where.
        listed = pages[1].read_text()
        for path in sorted((self.root / "cluster").rglob("*")):
            if path.is_file() and path != pages[1] and not path.name.endswith(".dockerignore"):
                self.assertIn(f"`{path.relative_to(self.root / 'cluster')}`", listed)


class Installation(unittest.TestCase):
    root: Path
    prefix: Path
    share: Path

    def setUp(self):
        self.directory = Path(tempfile.mkdtemp(prefix="installation-", dir=self.prefix.parent))
        self.program = self.prefix / "bin" / "prune-cluster"

    def tearDown(self):
        shutil.rmtree(self.directory)

    def install(self, *arguments: object, **environment: str) -> str:
        command = [self.root / "scripts" / "install", "--program", self.program, *arguments]
        run = subprocess.run(
            list(map(str, command)), capture_output=True, text=True, stdin=subprocess.DEVNULL, cwd=self.directory,
            env={**os.environ, **environment})
        self.assertEqual(run.returncode, 0, run.stderr)
        return run.stderr + run.stdout

    def without_swift(self, *command: object) -> subprocess.CompletedProcess:
        environment = {"PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": str(self.directory), "TMPDIR": str(self.directory)}
        environment |= {name: "1" for name in ("OMPI_ALLOW_RUN_AS_ROOT", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM")}
        return subprocess.run(
            list(map(str, command)), capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment)

    def test_the_folder_runs_where_it_was_moved_to_without_swift(self):
        said = self.install("--with-libraries", self.directory / "first")
        self.assertIn("Open MPI (libmpi.so", said)
        self.assertIn("ready: prune-cluster", said)
        moved = self.directory / "another place"
        (self.directory / "first").rename(moved)
        libraries = self.without_swift("ldd", moved / "bin" / "prune-cluster").stdout
        self.assertNotIn("not found", libraries)
        self.assertNotIn("swift", libraries)
        for name in ("libdnnl", "libopenblas", "libjpeg", "libpng16", "libcrypto"):
            self.assertRegex(libraries, rf"{name}\.so\S* => {re.escape(str(moved))}/")
        (self.directory / "configs").symlink_to(self.root / "configs")
        config = self.directory / "config.json"
        text = (self.root / "configs" / "fashion-resnet.json").read_text()
        config.write_text(text.replace("fashion-resnet/", "configs/fashion-resnet/").replace('"out/', '"'))
        run = self.without_swift(moved / "share" / "prune-cluster" / "cluster" / "run-on-hosts", "-n", "1", config)
        self.assertEqual(run.returncode, 0, run.stderr)
        check = self.without_swift(moved / "share" / "prune-cluster" / "cluster" / "check-node")
        self.assertEqual(check.returncode, 0, check.stdout)

    def test_packagers_get_everything_under_destdir(self):
        self.install("--prefix=/opt/prune-cluster", DESTDIR=str(self.directory / "stage"))
        installed = self.directory / "stage" / "opt" / "prune-cluster"
        self.assertEqual(sorted(path.name for path in installed.iterdir()), ["bin", "share"])
        for name in ("VERSION", "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "copyright", "docs/README.md",
                     "cluster/README.md", "configs/README.md"):
            self.assertTrue((installed / "share" / "prune-cluster" / name).is_file(), name)
        self.assertFalse((installed / "share" / "prune-cluster" / "configs" / "out").exists())
        self.assertTrue((installed / "share" / "doc" / "prune-cluster" / "LICENSE").is_file())

    def test_every_link_of_an_installed_page_leads_to_something_installed(self):
        links = 0
        for page in sorted(self.share.rglob("*.md")):
            for link in re.findall(r"\]\(([^)\s#]+)[^)\s]*\)", page.read_text()):
                if "://" not in link:
                    links += 1
                    self.assertTrue((page.parent / link).exists(), f"{page.relative_to(self.share)}: {link}")
        self.assertGreater(links, 90)

    def test_a_program_that_needs_the_swift_runtime_is_refused_and_nothing_is_written(self):
        ldd = self.directory / "ldd"
        ldd.write_text("#!/bin/sh\necho 'libmpi.so.40 => /lib/libmpi.so.40 (0x1)'\n"
                       "echo 'libswiftCore.so => /opt/swift/linux/libswiftCore.so (0x2)'\n")
        ldd.chmod(0o755)
        command = [self.root / "scripts" / "install", "--program", self.program, self.directory / "new"]
        environment = {**os.environ, "PATH": f"{self.directory}:{os.environ['PATH']}"}
        run = subprocess.run(
            list(map(str, command)), capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment)
        self.assertEqual(run.returncode, 65, run.stderr)
        self.assertEqual(
            run.stderr, f"install: error: {self.program} loads libswiftCore.so, which hosts without Swift do not have; "
            "scripts/build makes one with the runtime inside\n")
        self.assertFalse((self.directory / "new").exists())

    def test_an_earlier_version_is_brought_up_to_date(self):
        self.install("relative")
        share = self.directory / "relative" / "share"
        earlier = [share / "prune-cluster" / "docs" / "gone.md", share / "man" / "man1" / "prune-cluster-gone.1"]
        for path in earlier:
            path.write_text("")
        self.install("relative")
        self.assertEqual([path for path in earlier if path.exists()], [])

    def test_a_host_without_a_library_is_told_its_package(self):
        # A loader that finds nothing: as if the host had no such libraries.
        ldd = self.directory / "ldd"
        ldd.write_text("#!/bin/sh\necho 'libdnnl.so.2 => not found'\necho 'libmpi.so.40 => not found'\n")
        ldd.chmod(0o755)
        environment = {**os.environ, "PATH": f"{self.directory}:{os.environ['PATH']}"}
        run = subprocess.run([self.share / "cluster" / "check-node"], capture_output=True, text=True, env=environment)
        self.assertEqual(run.returncode, 69)
        self.assertIn("not ready: libraries and the packages that have them: libdnnl.so.2 (libdnnl2; onednn), libmpi.so.40 "
                      "(openmpi-bin; openmpi)", run.stdout)

    def test_the_module_file_leads_to_where_it_lies(self):
        modules = Path("/usr/share/modules/init/bash")
        if not modules.exists():
            self.skipTest("there are no Environment Modules")
        script = f". {modules}; module use '{self.share}/cluster/modulefiles'; module load prune-cluster; " \
            "command -v prune-cluster"
        run = subprocess.run(["bash", "-c", script], capture_output=True, text=True)
        self.assertEqual(run.stdout.strip(), str(self.prefix / "bin" / "prune-cluster"), run.stderr)
        if shutil.which("man") is None:
            return
        for settings in ("unset MANPATH", "export MANPATH=/usr/share/man"):
            pages = subprocess.run(
                ["bash", "-c", f"{settings}; {script}; man -w prune-cluster-search man"], capture_output=True, text=True)
            self.assertIn(str(self.prefix / "share" / "man" / "man1" / "prune-cluster-search.1"), pages.stdout, pages.stderr)
            self.assertIn("/usr/share/man/man1/man.1", pages.stdout)
