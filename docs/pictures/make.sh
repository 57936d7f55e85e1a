#!/bin/sh
# Draws every screen at 80x24, 120x40 and 200x60 in every theme, and in ASCII without colours, from the same values as
# the tests; and every level in its first minutes of trouble. Kept is the middle size: all screens in the dark theme, those
# that differ in the others; and what the README shows. KEEP=all keeps everything, FOLDER=… puts it elsewhere.
set -eu
cd "$(dirname "$0")/../.."
folder=${FOLDER:-docs/pictures}
drawn=$(mktemp -d)
PICTURES="$drawn" cargo test --quiet --test screens wants_pictures
if [ "${KEEP:-}" != all ]; then
    rm -r "$drawn/ascii"
    find "$drawn" -name '*.txt' -delete
    find "$drawn" -name '*.svg' ! -name '*-120x40.svg' ! -path '*/dark/incident-map-*' -delete
    for screen in completion explore incident-graphs incident-notebook incident-quiet incident-zoomed leaving question \
        reader scrollback watch; do
        find "$drawn" -name "$screen-*" ! -path '*/dark/*' -delete
    done
fi
for look in "$drawn"/*/; do
    rm -rf "${folder:?}/$(basename "$look")"
    cp -r "$look" "$folder/"
done
rm -r "$drawn"
