#!/bin/sh
# Posts a script and keeps the picture: post.sh URL SCRIPT OUTPUT
# Prints the answer's headers. Where there is no picture, it prints why, and exits with curl's 22.
set -u

answer=$(mktemp) || exit
trap 'rm -f "$answer"' EXIT

if curl --silent --show-error --fail-with-body --dump-header - --data-binary "@$2" --output "$answer" "$1"; then
    cp "$answer" "$3"
else
    status=$?
    cat "$answer" >&2
    exit $status
fi
