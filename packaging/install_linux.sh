#!/usr/bin/env bash
# Put the built program, its desktop entry and its icon into ~/.local; packaging/build.py comes first.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x dist/handful/handful ] || { echo "Build the program first: packaging/build.py" >&2; exit 1; }
data="${XDG_DATA_HOME:-$HOME/.local/share}"
mkdir -p "$data/handful-program" "$HOME/.local/bin" "$data/applications" \
  "$data/icons/hicolor/scalable/apps"
rm -rf "$data/handful-program/handful"
cp -a dist/handful "$data/handful-program/handful"
ln -sfn "$data/handful-program/handful/handful" "$HOME/.local/bin/handful"
install -m 644 assets/icons/handful.svg "$data/icons/hicolor/scalable/apps/handful.svg"
sed "s|^Exec=handful|Exec=\"$data/handful-program/handful/handful\"|" packaging/handful.desktop \
  > "$data/applications/handful.desktop"
if command -v update-desktop-database > /dev/null; then
  update-desktop-database "$data/applications"
fi
echo "Installed: $HOME/.local/bin/handful, and Handful in the menu of programs."
