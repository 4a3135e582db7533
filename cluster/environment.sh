# shellcheck shell=bash
# Settings of Open MPI for runs on several hosts. The scripts beside this file read it; `. environment.sh` for your own.
# A variable that is set already stays as it is.

# A host that is switched off or cut off says nothing, and Open MPI asks after minutes only. With these, its daemons ask
# after 6 s of silence, every 3 s, and give a host up after 4 questions: a run then ends within 18 s (mpirun: code 205).
# What has been measured by then is kept. Where the network is often gone for longer than that, take larger numbers.
export OMPI_MCA_oob_tcp_keepalive_time="${OMPI_MCA_oob_tcp_keepalive_time:-6}"
export OMPI_MCA_oob_tcp_keepalive_intvl="${OMPI_MCA_oob_tcp_keepalive_intvl:-3}"
export OMPI_MCA_oob_tcp_keepalive_probes="${OMPI_MCA_oob_tcp_keepalive_probes:-4}"

# A rank that waits for messages leaves its processor to those that compute.
export OMPI_MCA_mpi_yield_when_idle="${OMPI_MCA_mpi_yield_when_idle:-1}"

# In a container as root, Open MPI refuses to start unless told twice. Nothing here needs root.
if [ "$(id -u)" -eq 0 ]; then
  export OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1
fi
