"""A corner of this machine that vanishes with everything in it: own processes, hosts name, network and /dev/shm."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

# Told to the process inside, which then sets up what only root of the new namespaces can.
MARK = "PRUNE_CLUSTER_TESTS_ISOLATED"
HOST = "n0"


def command(inner: list, network: bool = True) -> list:
    """Runs `inner` in namespaces of its own; they end with it, and with whoever started this. Its network is its own too,
    unless it is told to share this machine's."""
    flags = ["--pid", "--fork", "--kill-child", "--mount-proc", "--uts", "--ipc", "--propagation", "private"]
    if network:
        flags.append("--net")
    if os.geteuid() != 0:
        flags += ["--user", "--map-root-user"]
    # The shell is the first process there: it takes in what others leave behind.
    return ["setpriv", "--pdeathsig", "KILL", "unshare", *flags, "bash", "-c", '"$@"; exit $?', "_", *map(str, inner)]


def missing() -> str:
    """Why there can be no such corner here; empty where there can."""
    for tool in ("setpriv", "unshare", "nsenter", "ip", "mount"):
        if shutil.which(tool) is None:
            return f"there is no {tool}"
    probe = "hostname n0 && mount -t tmpfs none /dev/shm && ip link add probe type bridge && mount -t proc none /proc"
    trial = subprocess.run(command(["bash", "-c", probe]), capture_output=True, text=True)
    said = (trial.stderr.strip().splitlines() or ["no reason given"])[-1]
    return "" if trial.returncode == 0 else f"namespaces cannot be had: {said}"


def enter(directory: Path) -> None:
    """Called inside: names the host, brings up its loopback, gives it a /dev/shm and hosts file of its own."""
    hosts = directory / "hosts"
    lines = ["127.0.0.1 localhost", f"198.51.100.10 {HOST}"]
    lines += [f"198.51.100.{10 + number} n{number}" for number in range(1, 9)]
    hosts.write_text("\n".join(lines) + "\n")
    for step in (
        ["hostname", HOST],
        ["mount", "--bind", hosts, "/etc/hosts"],
        ["mount", "-t", "tmpfs", "none", "/dev/shm"],
        ["ip", "link", "set", "lo", "up"],
        ["ip", "link", "add", "br0", "type", "bridge"],
        ["ip", "addr", "add", "198.51.100.10/24", "dev", "br0"],
        ["ip", "link", "set", "br0", "up"],
    ):
        subprocess.run(list(map(str, step)), check=True)
    scratch = directory / "tmp"
    scratch.mkdir(exist_ok=True)
    os.environ["TMPDIR"] = str(scratch)


def processes(of_network: int | None = None, matching: str = "", name: str = "") -> list:
    """Process ids here whose command line contains the text; with a holder's id, only those on its network; with a name,
    only programs of that name."""
    wanted = os.readlink(f"/proc/{of_network}/ns/net") if of_network else None
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit() or int(entry.name) == os.getpid():
            continue
        try:
            line = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            state = (entry / "stat").read_text().rsplit(")", 1)[1].split()[0]
            if state == "Z" or matching not in line:
                continue
            if name and (entry / "comm").read_text().strip() != name:
                continue
            if wanted is None or os.readlink(entry / "ns" / "net") == wanted:
                found.append(int(entry.name))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return sorted(found)


def send(number: signal.Signals, ids: list) -> None:
    """Sends a signal to processes; those that have ended by themselves are left out."""
    for one in ids:
        try:
            os.kill(one, number)
        except ProcessLookupError:
            pass


def say(text: str) -> None:
    print(f"cluster: {text}", file=sys.stderr, flush=True)
