"""A system of its own with nothing in it but what every Debian has and apt, to install packages in.

It comes from the package sources of this system, by mmdebstrap. Needs to run inside `isolation.command`, as root: what is
mounted here is mounted nowhere else.
"""

import os
import platform
import shutil
import subprocess
import urllib.request
from pathlib import Path


def sources() -> list:
    """This system's own package sources (none of third parties), each with its address, release and component."""
    origin = platform.freedesktop_os_release()["NAME"].split()[0]
    shape = "$(ORIGIN)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)"
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", shape, "Created-By: Packages"], capture_output=True, text=True)
    rows = [line.split("|") for line in listed.stdout.splitlines()]
    return list(dict.fromkeys(tuple(row[1:]) for row in rows if row[0] == origin))


def missing() -> str:
    """Why no package can be installed here; empty where one can."""
    if os.geteuid() != 0:
        return "that takes root"
    for tool in ("apt-get", "dpkg-deb", "mmdebstrap", "setpriv", "unshare", "chroot"):
        if shutil.which(tool) is None:
            return f"there is no {tool}"
    probe = ["unshare", "--pid", "--fork", "--mount-proc", "mount", "-t", "tmpfs", "none", "/mnt"]
    trial = subprocess.run(probe, capture_output=True, text=True)
    if trial.returncode != 0:
        return f"namespaces cannot be had: {(trial.stderr.strip().splitlines() or ['no reason given'])[-1]}"
    if not (known := sources()):
        return "apt knows no sources of this system's packages"
    try:
        urllib.request.urlopen(f"{known[0][0].rstrip('/')}/dists/{known[0][1]}/InRelease", timeout=20).close()
    except OSError as error:
        return f"{known[0][0]} cannot be reached: {error}"
    return ""


class CleanRoot:
    """A folder that commands see as the whole file system."""

    def __init__(self, directory: Path):
        self.directory = directory
        lines = "".join(f"deb {address} {release} {component}\n" for address, release, component in sources())
        suite = platform.freedesktop_os_release()["VERSION_CODENAME"]
        # How apt gets to its sources here, by a proxy for example.
        ways = subprocess.run(["apt-config", "dump", "Acquire::http", "Acquire::https"], capture_output=True, text=True)
        options = [f"--aptopt={line}" for line in ways.stdout.splitlines() if not line.endswith('"";')]
        # What a power failure would leave does not matter here.
        options.append("--dpkgopt=force-unsafe-io")
        subprocess.run(
            ["mmdebstrap", "--quiet", "--variant=apt", "--mode=root", "--skip=cleanup/apt/lists", *options, suite,
             directory, "-"], input=lines, text=True, check=True)
        subprocess.run(["mount", "-t", "proc", "proc", directory / "proc"], check=True)
        for folder in ("dev", "sys"):
            subprocess.run(["mount", "--rbind", f"/{folder}", directory / folder], check=True)

    def run(self, *command: object, **variables: str) -> subprocess.CompletedProcess:
        """Runs a command there with the environment of a fresh login and these variables."""
        environment = {
            "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8",
            "DEBIAN_FRONTEND": "noninteractive", **variables}
        return subprocess.run(
            ["chroot", self.directory, *map(str, command)], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            env=environment)

    def files(self) -> set:
        """All paths but those of the kernel and what package managers remember."""
        passing = ("proc", "dev", "sys", "var/lib/apt", "var/lib/dpkg", "var/cache", "var/log", "tmp", "etc/ld.so.cache")
        paths = set()
        for folder, folders, files in os.walk(self.directory):
            here = os.path.relpath(folder, self.directory)
            folders[:] = [name for name in folders if os.path.normpath(f"{here}/{name}") not in passing]
            paths |= {os.path.normpath(f"{here}/{name}") for name in folders + files}
        return paths - set(passing)
