#!/bin/sh
# Draws every screen at 80x24, 120x40 and 200x60 into this folder, from the same values as the tests.
# THEME=light docs/pictures/make.sh draws them in another theme; KEEP=all keeps more than the README shows.
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
PICTURES="$folder" cargo test --quiet --test screens
if [ "${KEEP:-}" = all ]; then
    cp "$folder"/*.svg docs/pictures/
else
    for name in title levels settings briefing incident-map incident-console menu debrief-run debrief-what-if; do
        cp "$folder/$name-120x40.svg" docs/pictures/
    done
    cp "$folder/incident-map-80x24.svg" "$folder/incident-map-200x60.svg" docs/pictures/
fi
rm -r "$folder"
