"""A Slurm of our own, on the head alone or on the hosts of a lab: no systemd, no munge. Needs `isolation`."""

import os
import pwd
import re
import shutil
import subprocess
import time
from pathlib import Path

import isolation
from lab import SUBNET, Lab

TOOLS = ("slurmctld", "slurmd", "sbatch", "srun", "scontrol", "squeue", "scancel", "sinfo")

# Signs nothing and trusts everybody, which only a network without anybody else allows. More processors than there are:
# jobs then never wait for each other.
CONFIGURATION = """\
ClusterName=sandbox
SlurmctldHost={host}(198.51.100.10)
SlurmctldPort=26817
SlurmdPort=26818
AuthType=auth/none
CredType=cred/none
SlurmUser={user}
SlurmdUser={user}
StateSaveLocation={directory}/state
SlurmdSpoolDir={directory}/spool/%n
TmpFS={directory}/tmp/%n
SlurmctldPidFile={directory}/run/slurmctld.pid
SlurmdPidFile={directory}/run/slurmd-%n.pid
SlurmctldLogFile={directory}/log/slurmctld.log
SlurmdLogFile={directory}/log/slurmd-%n.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=1
SlurmctldParameters=preempt_send_user_signal
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
MinJobAge=3600
SlurmdTimeout=10
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
{nodes}
PartitionName=main Nodes={names} Default=YES MaxTime=INFINITE State=UP PriorityTier=1 PreemptMode=REQUEUE GraceTime=5
PartitionName=urgent Nodes={names} MaxTime=INFINITE State=UP PriorityTier=10 PreemptMode=OFF
"""


def missing() -> str:
    """Why there can be no Slurm here; empty where there can."""
    if os.geteuid() != 0:
        return "slurmctld and slurmd need root"
    absent = [tool for tool in TOOLS if shutil.which(tool, path=os.environ["PATH"] + ":/usr/sbin") is None]
    if absent:
        return f"there is no {absent[0]} (Debian: slurmctld slurmd slurm-client slurm-wlm-basic-plugins)"
    return ""


class Sandbox:
    """A running Slurm with the partitions main and urgent; jobs of the second push those of the first aside."""

    def __init__(self, directory: Path, lab: Lab | None = None):
        self.directory = directory
        names = lab.names if lab else [isolation.HOST]
        for name in ("state", "run", "log", *(f"{kind}/{node}" for kind in ("spool", "tmp") for node in names)):
            (directory / name).mkdir(parents=True)
        user = pwd.getpwuid(os.geteuid()).pw_name
        addresses = {name: f"{SUBNET}.{10 + int(name[1:])}" for name in names}
        nodes = [f"NodeName={name} NodeAddr={address} CPUs=32 RealMemory=1000 State=UNKNOWN"
                 for name, address in addresses.items()]
        path = directory / "slurm.conf"
        path.write_text(CONFIGURATION.format(
            host=isolation.HOST, user=user, directory=directory, nodes="\n".join(nodes), names=",".join(names)))
        (directory / "cgroup.conf").write_text("CgroupPlugin=cgroup/v1\n")
        os.environ["SLURM_CONF"] = str(path)
        os.environ["PATH"] += ":/usr/sbin"
        self.daemons = []
        self._start("slurmctld", ["slurmctld", "-f", path, "-i", "-c", "-D"])
        for name in names:
            daemon = ["slurmd", "-f", path, "-D"]
            self._start(name, lab.on(name, daemon) if lab else daemon)
        self.wait(lambda: self.idle() == len(names), 20, "no idle node")

    def _start(self, name: str, command: list) -> None:
        with open(self.directory / "log" / f"{name}.out", "wb") as log:
            self.daemons.append(subprocess.Popen(
                list(map(str, command)), stdin=subprocess.DEVNULL, stdout=log, stderr=log))

    def idle(self) -> int:
        """How many nodes wait for work."""
        return len(self.ask("sinfo", "-h", "-N", "-p", "main", "-t", "idle", "-o", "%N").split())

    def ask(self, *command: str) -> str:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()

    def submit(self, *arguments: object, environment: dict | None = None, directory: Path | None = None) -> str:
        """Hands in a job; its number."""
        run = subprocess.run(
            ["sbatch", "--parsable", *map(str, arguments)], capture_output=True, text=True, cwd=directory,
            env={**os.environ, **(environment or {})})
        if run.returncode != 0:
            raise RuntimeError(f"sbatch: {run.stderr}")
        return run.stdout.strip()

    def job(self, number: str) -> dict:
        """What Slurm says of a job, as far as it is of the form Key=word."""
        return dict(re.findall(r"(\w+)=(\S*)", self.ask("scontrol", "show", "job", "-o", number)))

    def state(self, number: str) -> str:
        return self.job(number).get("JobState", "")

    def wait(self, condition, seconds: float, otherwise: str):
        """Waits until the condition holds, and gives what it gave."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if answer := condition():
                return answer
            time.sleep(0.05)
        raise TimeoutError(f"{otherwise} in {seconds} s\n{self.tail()}")

    def wait_for(self, number: str, states: tuple, seconds: float) -> str:
        """Waits until the job is in one of the states.

        A requeued job is not made to wait its two minutes, but a few seconds: until the node has forgotten the last
        attempt, it takes the next one, of the same number, for the last.
        """
        pending = None

        def reached() -> str:
            nonlocal pending
            job = self.job(number)
            if job.get("JobState") == "PENDING" and job.get("Reason") == "BeginTime":
                pending = pending or time.monotonic()
                if time.monotonic() - pending > 3:
                    self.ask("scontrol", "update", f"JobId={number}", "StartTime=now")
            else:
                pending = None
            return job.get("JobState") if job.get("JobState") in states else ""

        return self.wait(reached, seconds, f"job {number} is {self.state(number)}, not one of {states},")

    def tail(self) -> str:
        logs = [f"{path.name}: {line}" for path in (self.directory / "log").iterdir()
                for line in path.read_text(errors="replace").splitlines()[-5:]]
        return "\n".join(logs)

    def close(self) -> None:
        self.ask("scancel", "--full", "--user", pwd.getpwuid(os.geteuid()).pw_name)
        for daemon in reversed(self.daemons):
            daemon.terminate()
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
