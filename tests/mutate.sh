#!/bin/sh
# Changes the code in small ways, one at a time, and says which changes no test notices.
#
# usage: sh tests/mutate.sh VENV [names of mutants, such as 'gate.credential.base45*']
#
# Works on a copy of what git knows, in build/mutation; what was found stays there, so that a
# second run goes on where the first one ended. Survivors are judged in docs/explanation/mutants.md.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)
venv=$(cd "$1" && pwd)
shift

place=$root/build/mutation
tester=$place/venv
if ! [ -x "$tester/bin/mutmut" ]; then
    "$venv/bin/python" -m venv "$tester"
    "$tester/bin/pip" -qq --disable-pip-version-check install --require-hashes --only-binary :all: \
        -r requirements/mutation.txt
fi
mkdir -p "$place/tree"
# What was deleted and not yet committed is named, and not there.
git ls-files -z --cached --others --exclude-standard |
    tar --null --files-from=- --ignore-failed-read -cf - 2>/dev/null | tar -xf - -C "$place/tree"
cd "$place/tree"
# The dependencies of VENV without its editable install: the copy is what is tested.
PYTHONPATH=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
export PYTHONPATH
[ -t 1 ] || exec 3>&1 >"$place/progress.log"
status=0
"$tester/bin/mutmut" run --max-children "${GATE_MUTANTS_AT_ONCE:-2}" "$@" || status=$?
[ -t 1 ] || exec 1>&3
"$tester/bin/mutmut" results | grep -v "not checked" | sort >"$place/survivors.txt"
tr '\r' '\n' <"$place/progress.log" 2>/dev/null | tail -n 2 || true
printf '%s left; the list is in %s\n' "$(grep -c . "$place/survivors.txt" || true)" "$place/survivors.txt"
cat "$place/survivors.txt"
exit $status
