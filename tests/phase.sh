#!/bin/sh
# Runs one phase of `make test`, and says in one line how it ended and how long it took.
#
# usage: sh tests/phase.sh NAME COMMAND [ARGUMENT...]
set -u
name=$1
shift

begun_s=$(date +%s)
"$@"
code=$?
took_s=$(($(date +%s) - begun_s))

if [ $code = 0 ]; then verdict=passed; else verdict=FAILED; fi
printf '=== %s: %s, %d s\n' "$name" $verdict $took_s
exit $code
