#!/usr/bin/env bash
# Makes docs/workstation.png and docs/session.png from a real session: danlu in kitty in a virtual screen, driven by key presses.
# Needs Xvfb, kitty, xdotool and ImageMagick (Debian: xvfb kitty xdotool imagemagick libgl1-mesa-dri fonts-noto-cjk).
set -euo pipefail
cd "$(dirname "$0")/.."
danlu=${1:-target/release/danlu}
home=$(mktemp -d)
export DISPLAY=:77 LIBGL_ALWAYS_SOFTWARE=1 HOME=$home XDG_RUNTIME_DIR=$home LANG=C.UTF-8
Xvfb "$DISPLAY" -screen 0 1440x900x24 > /dev/null 2>&1 &
screen=$!
trap '"$danlu" engine stop > /dev/null 2>&1 || true; kill $screen; rm -rf "$home"' EXIT
sleep 1
kitty --config NONE -o font_family="DejaVu Sans Mono" -o font_size=11 -o cursor_blink_interval=0 -o hide_window_decorations=yes \
    -o initial_window_width=1440 -o initial_window_height=900 -o remember_window_size=no "$(realpath "$danlu")" > /dev/null 2>&1 &
sleep 4
key() { for name in "$@"; do xdotool key --clearmodifiers "$name"; sleep 0.15; done; }
typed() { xdotool type --delay 15 "$1"; sleep 0.3; }
shot() { import -window root "$home/$1.png"; }

draw() { key F5; sleep 2.5; }
draw
key ctrl+a; typed "(panda:1.2), noto, [pink] background"; draw
key ctrl+a; typed "strawberry, noto, yellow background"; draw
key ctrl+a; typed "frog, (noto:1.1), [[blue]] background"; draw
shot workstation
key F4; key Down Down Down Down; key Return; key BackSpace BackSpace; typed "300"; key Return
key F2; key F5; sleep 4; shot growing
key alt+x; key ctrl+p; typed "seed"; shot palette
key Escape; key F4; key space c t; typed "latte"; key Return; sleep 0.5
key space c l Down Return; sleep 0.5; shot chinese
convert "$home/workstation.png" -colors 256 docs/workstation.png
convert "$home/growing.png" "$home/palette.png" "$home/chinese.png" -resize 720x -append -colors 256 docs/session.png
