#!/bin/sh
# Runs the tests on every other Python of those that the project supports and this machine has.
#
# usage: sh tests/pythons.sh VENV [arguments of tests/installed.sh]
set -eu
cd "$(dirname "$0")/.."
venv=$1
shift

is_version() { [ "$("$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null)" = "$2" ]; }

find_python() {
    for python in "python$1" "${PYENV_ROOT:-$HOME/.pyenv}/versions/$1".*/bin/python; do
        if is_version "$python" "$1"; then return 0; fi
    done
    return 1
}

for version in 3.11 3.12 3.13; do
    if is_version "$venv/bin/python" $version; then continue; fi
    if find_python $version; then
        echo "Python $version:"
        VENV=.venv-$version PYTHON=$python ./bootstrap dev
        sh tests/installed.sh .venv-$version "$@"
    else
        echo "Python $version: not on this machine, not tested."
    fi
done
