#!/bin/sh
# Resolves pyproject.toml into requirement files with hashes, for every Python and processor that
# the project supports at once. Without --upgrade what is pinned stays pinned.
#
#   dev.txt   run, demo, build and test; the others take its versions
#   demo.txt  what `make run` needs
#   office.txt what `make office` needs
#   run.txt   what a gate at a door needs
#   lock.txt  the resolver itself
#   mutation.txt  the mutation tester, in an environment of its own
#   peers.txt libraries that a bench compares us with, in an environment of their own
set -eu
cd "$(dirname "$0")/.."
# Files of the public index only, whatever this machine is used to.
unset UV_INDEX UV_DEFAULT_INDEX UV_INDEX_URL UV_EXTRA_INDEX_URL UV_FIND_LINKS UV_CONFIG_FILE

resolver=build/lock
if ! [ -x $resolver/bin/uv ]; then
    "${PYTHON:-python3}" -m venv $resolver
    $resolver/bin/pip -q --disable-pip-version-check install --require-hashes -r requirements/lock.txt
fi

resolve() {
    output=$1
    shift
    $resolver/bin/uv --quiet pip compile pyproject.toml --universal --python-version 3.11 \
        --fork-strategy fewest --generate-hashes --no-strip-extras --no-emit-index-url --no-header \
        --output-file "requirements/$output.txt" "$@" >/dev/null
}
resolve dev --extra demo --extra dev --extra office --extra vc --group build "$@"
resolve demo --extra demo --group build --constraints requirements/dev.txt "$@"
resolve office --extra office --extra vc --group build --constraints requirements/dev.txt "$@"
resolve run --constraints requirements/dev.txt "$@"
for group in lock mutation peers; do
    $resolver/bin/uv --quiet pip compile --group $group --universal --python-version 3.11 \
        --generate-hashes --no-strip-extras --no-emit-index-url --no-header \
        --output-file requirements/$group.txt "$@" >/dev/null
done
