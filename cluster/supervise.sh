# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034  # some variables are set or used by the script that reads this
# Functions that the scripts of this folder share: to be read by bash, not to be run.

# The launcher once it runs, whether it was asked to stop, and its exit code.
launcher='' asked=no code=0

say() { printf '%s %s: %s\n' "$(date '+%F %T')" "$supervisor" "$*" >&2; }

# The output directory of a search: output_directory CONFIG [OPTIONS OF prune-cluster search …]
output_directory() {
  local config=$1 text directory=out given='' set=''
  local pattern='"output"[[:space:]]*:[[:space:]]*\{[^}]*"directory"[[:space:]]*:[[:space:]]*"([^"]*)"'
  text=$(<"$config") || return
  [[ $text =~ $pattern ]] && directory=${BASH_REMATCH[1]}
  shift
  while [ $# -gt 0 ]; do
    case $1 in
    --output) given=${2-} ;;
    --output=*) given=${1#*=} ;;
    --set) [[ ${2-} != output.directory=* ]] || set=${2#*=} ;;
    --set=output.directory=*) set=${1#*=*=} ;;
    esac
    shift
  done
  # On the command line a path is relative to where the command runs, in a configuration to its file.
  if [ -n "$given$set" ]; then
    config=./config directory=${given:-$set}
  fi
  case $directory in
  /*) printf '%s\n' "$directory" ;;
  *) printf '%s/%s\n' "$(cd "$(dirname "$config")" && pwd)" "$directory" ;;
  esac
}

# How many pieces of work an output directory holds, finished and safe.
stored_pieces() { find "$1/checkpoint" -name '*.piece' 2>/dev/null | wc -l; }

# Passes on what ranks and launcher say, and tells this shell when the program has named an error: the launcher should end
# soon after.
pass_on() {
  local line
  while IFS= read -r line; do
    printf '%s\n' "$line" >&2
    [[ $line != 'prune-cluster: error: '* ]] || kill -ALRM $$
  done
}

# Runs the launcher to its end and leaves its exit code in $code. `wait` also returns when a signal has been handled:
# then the launcher goes on, or has ended and its code is still to be had.
supervise() {
  local killer='' reader
  code=75
  [ "$asked" = no ] || return 0
  # Where a whole host hangs, all ranks may have ended with an error while mpirun waits for that host's daemon for ever.
  trap 'signalled=yes; [ -n "$killer" ] || { (sleep 15; kill -KILL "$launcher") 2>/dev/null & killer=$!; }' ALRM
  exec 3> >(trap "" INT TERM HUP USR1 USR2 && pass_on)
  reader=$!
  "$@" 2>&3 &
  launcher=$!
  exec 3>&-
  while :; do
    signalled=no code=0
    wait "$launcher" 2>/dev/null || code=$?
    [ "$signalled" = yes ] || break
  done
  trap : ALRM
  [ -z "$killer" ] || kill "$killer" 2>/dev/null || true
  # What was said last is to stand before what follows. Daemons that were left behind may keep the line open.
  for _ in 1 2 3 4 5 6 7 8 9 10; do
    kill -0 "$reader" 2>/dev/null || break
    sleep 0.1
  done
}

# For traps: asks all ranks to stop after the batch that they are at. Both mpirun and srun pass this signal on.
ask_to_stop() {
  signalled=yes asked=yes
  say "$1: asking the ranks to stop after their batch"
  [ -z "$launcher" ] || kill -USR1 "$launcher" 2>/dev/null || true
}

# What an exit code means: done, stopped (start again, it goes on), lost (a rank, a host or the launcher: start again),
# or failed (something has to be changed first). Zero counts only with a result that is complete: mpirun has been seen
# to end with it after a host had failed.
verdict() {
  local code=$1 directory=$2
  case $code in
  0) if "$program" verify "$directory" >/dev/null; then echo 'done'; else echo lost; fi ;;
  75) echo stopped ;;
  # Asked before the launcher or a rank listened, they end by the signal.
  138) if [ "$asked" = yes ]; then echo stopped; else echo lost; fi ;;
  64 | 65 | 66 | 70 | 73 | 74 | 78 | 126 | 127) echo failed ;;
  *) echo lost ;;
  esac
}
