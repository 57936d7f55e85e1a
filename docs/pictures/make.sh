#!/bin/sh
# Draws every screen at 80x24, 120x40 and 200x60 in every theme, and in ASCII without colours, from the same values as
# the tests; and every level in its first minutes of trouble. Kept are the middle size in every theme, and what the
# README shows; KEEP=all keeps everything, and FOLDER=… puts it elsewhere.
set -eu
cd "$(dirname "$0")/../.."
folder=${FOLDER:-docs/pictures}
drawn=$(mktemp -d)
PICTURES="$drawn" cargo test --quiet --test screens is_drawn
if [ "${KEEP:-}" != all ]; then
    rm -r "$drawn/ascii"
    find "$drawn" -name '*.txt' -delete
    find "$drawn" -name '*.svg' ! -name '*-120x40.svg' ! -path '*/dark/incident-map-*' -delete
fi
for look in "$drawn"/*/; do
    rm -rf "${folder:?}/$(basename "$look")"
    cp -r "$look" "$folder/"
done
rm -r "$drawn"
