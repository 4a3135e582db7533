"""Several hosts on one machine: each is a set of namespaces with a name, an address, processes and /dev/shm of its own.

The head is the corner of `isolation` itself. A bridge joins all; the file system is shared, as NFS would be. A small
script takes the place of ssh. Needs to run inside `isolation.command`.
"""

import os
import signal
import socket
import subprocess
from pathlib import Path

import isolation

SUBNET = "198.51.100"


class Lab:
    """Hosts n1 … nN."""

    def __init__(self, directory: Path, hosts: int, slots: int = 1):
        self.directory = directory
        self.holders = {}
        self.names = [f"n{number}" for number in range(1, hosts + 1)]
        directory.mkdir(parents=True, exist_ok=True)
        self.hostfile = directory / "hostfile"
        self.hostfile.write_text("".join(f"{name} slots={slots}\n" for name in self.names))
        for name in self.names:
            self._start(name)
        self.agent = directory / "agent"
        cases = "\n".join(f"{name}) holder={self.holders[name][1]} ;;" for name in self.names)
        self.agent.write_text(AGENT.replace("CASES", cases).replace("DIRECTORY", str(directory)))
        self.agent.chmod(0o755)

    def _start(self, name: str) -> None:
        setup = f"hostname {name} && mount -t tmpfs none /dev/shm && ip link set lo up && echo up && exec " \
            "env --ignore-signal=CHLD sleep infinity"
        outer = subprocess.Popen(
            ["unshare", "--net", "--uts", "--mount", "--ipc", "--propagation", "private", "--pid", "--fork",
             "--kill-child", "--mount-proc", "bash", "-c", setup],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        if outer.stdout.readline() != b"up\n":
            raise RuntimeError(f"host {name} did not come up")
        inner = int(Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()[0])
        self.holders[name] = (outer, inner)
        number = name[1:]
        for step in (
            f"ip link add p{number} type veth peer name eth0 netns {inner}",
            f"ip link set p{number} master br0 up",
        ):
            subprocess.run(step.split(), check=True)
        for step in (f"ip addr add {SUBNET}.{10 + int(number)}/24 dev eth0", "ip link set eth0 up"):
            subprocess.run(self.on(name, step.split()), check=True)

    def on(self, name: str, command: list) -> list:
        """The command that runs `command` on a host."""
        base = f"/proc/{self.holders[name][1]}/ns"
        spaces = [f"--{kind}={base}/{file}" for kind, file in
                  (("net", "net"), ("uts", "uts"), ("ipc", "ipc"), ("pid", "pid"), ("mount", "mnt"))]
        return ["nsenter", *spaces, f"--wdns={os.getcwd()}", "--", *map(str, command)]

    def environment(self) -> dict:
        """What mpirun on the head needs, beside the hostfile, to reach the hosts by TCP and by nothing else."""
        return {
            "OMPI_MCA_plm": "rsh", "OMPI_MCA_plm_rsh_agent": str(self.agent), "OMPI_MCA_pml": "ob1",
            "OMPI_MCA_btl": "tcp,self,vader", "OMPI_MCA_btl_tcp_if_include": f"{SUBNET}.0/24",
            "OMPI_MCA_oob_tcp_if_include": f"{SUBNET}.0/24",
        }

    def ranks(self, name: str, program: Path) -> list:
        return isolation.processes(self.holders[name][1], f"{program} search", "prune-cluster")

    def daemons(self, name: str) -> list:
        return isolation.processes(self.holders[name][1], name="orted")

    def cut(self, name: str) -> None:
        """Pulls the cable: nobody gets an answer or a refusal from this host any more."""
        subprocess.run(["ip", "link", "set", f"p{name[1:]}", "down"], check=True)

    def join(self, name: str) -> None:
        """Plugs the cable in again, and waits until the host can reach the head: both remember for seconds that the other
        was not there."""
        subprocess.run(["ip", "link", "set", f"p{name[1:]}", "up"], check=True)
        subprocess.run(["ip", "neigh", "flush", "dev", "br0"], check=True)
        subprocess.run(self.on(name, ["ip", "neigh", "flush", "dev", "eth0"]), check=True)
        with socket.create_server((f"{SUBNET}.10", 0)) as server:
            connect = f"for _ in {{1..100}}; do : </dev/tcp/{SUBNET}.10/{server.getsockname()[1]} && exit; sleep 0.1; done; exit 1"
            subprocess.run(self.on(name, ["bash", "-c", connect]), check=True, stderr=subprocess.DEVNULL)

    def limit_rate(self, name: str, rate: str) -> None:
        """Makes the host's line slow, both ways."""
        shape = ["root", "tbf", "rate", rate, "burst", "64kb", "latency", "50ms"]
        subprocess.run(["tc", "qdisc", "replace", "dev", f"p{name[1:]}", *shape], check=True)
        subprocess.run(self.on(name, ["tc", "qdisc", "replace", "dev", "eth0", *shape]), check=True)

    def sweep(self) -> None:
        """Ends everything on all hosts but the hosts themselves, and forgets what it left in memory."""
        for name, (outer, inner) in self.holders.items():
            left = [one for one in isolation.processes(inner) if one not in (outer.pid, inner)]
            isolation.send(signal.SIGKILL, left)
            subprocess.run(self.on(name, ["find", "/dev/shm", "-mindepth", "1", "-delete"]), check=False)

    def close(self) -> None:
        self.sweep()
        for outer, _ in self.holders.values():
            outer.kill()
            outer.wait()
            outer.stdout.close()
        for name in self.names:
            subprocess.run(["ip", "link", "del", f"p{name[1:]}"], capture_output=True)


# What mpirun calls instead of ssh: agent [-option …] HOST COMMAND …
AGENT = """#!/bin/bash
while [ "${1#-}" != "$1" ]; do shift; done
case $1 in
CASES
*) echo "agent: no host $1" >&2; exit 255 ;;
esac
shift
ns=/proc/$holder/ns
exec nsenter --net="$ns/net" --uts="$ns/uts" --ipc="$ns/ipc" --pid="$ns/pid" --mount="$ns/mnt" --wdns='DIRECTORY' -- \\
  /bin/sh -c "$*"
"""
