#!/bin/sh
# Runs the tests against the wheel in dist/, as installed, from a directory without the source:
# what is not in the wheel is not found.
#
# usage: sh tests/installed.sh VENV [arguments of pytest; paths as seen from the root]
#
# The wheel goes into an environment of its own, which borrows the dependencies of VENV by a .pth
# line. Such a line adds a directory and nothing more: the editable install in VENV stays unseen.
set -eu
cd "$(dirname "$0")/.."
root=$(pwd)
venv=$1
shift

place=$root/build/installed/$(basename "$venv")
rm -rf "$place"
if grep -q 'include-system-site-packages = true' "$venv/pyvenv.cfg"; then
    system=--system-site-packages
else
    system=
fi
"$venv/bin/python" -m venv --without-pip $system "$place/venv"
site() { "$1/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }
site "$venv" >"$(site "$place/venv")/dependencies.pth"
"$venv/bin/python" -m pip --disable-pip-version-check -q --python "$place/venv/bin/python" \
    install --no-index --no-deps dist/*.whl

# Paths become absolute; with none given, all tests are meant.
paths=
for argument; do
    shift
    case $argument in
    tests | tests/*)
        argument=$root/$argument
        paths=given
        ;;
    esac
    set -- "$@" "$argument"
done
[ "$paths" ] || set -- "$@" "$root/tests"

programs=$(cd "$venv/bin" && pwd) # a broker, which a wheel brings
mkdir -p "$place/elsewhere"
cd "$place/elsewhere"
PATH=$place/venv/bin:$programs:$PATH GATE_TESTS_INSTALLED=$place/venv \
    exec "$place/venv/bin/python" -m pytest -c "$root/pyproject.toml" --rootdir "$root" "$@"
