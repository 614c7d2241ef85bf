#!/usr/bin/env bash
# Sign dist/Handful.app, have it notarised, and make a disk image of it; packaging/build.py comes first.
#   SIGNER="Developer ID Application: …" NOTARY_PROFILE=handful packaging/macos.sh
# Not tried yet: see packaging/README.md.
set -euo pipefail
cd "$(dirname "$0")/.."
app=dist/Handful.app
[ -d "$app" ] || { echo "Build the program first: packaging/build.py" >&2; exit 1; }
entitlements=$(mktemp)
cat > "$entitlements" <<'PLIST'
<?xml version="1.0" encoding="UTF-8"?>
<plist version="1.0"><dict>
  <key>com.apple.security.cs.disable-library-validation</key><true/>
  <key>com.apple.security.cs.allow-unsigned-executable-memory</key><true/>
</dict></plist>
PLIST
# From the inside out; --deep would sign libraries with the program's entitlements.
find "$app" \( -name '*.dylib' -o -name '*.so' \) -exec \
  codesign --force --timestamp --options runtime --sign "${SIGNER:--}" {} \;
codesign --force --timestamp --options runtime --entitlements "$entitlements" \
  --sign "${SIGNER:--}" "$app"
hdiutil create -volname Handful -srcfolder "$app" -ov -format UDZO dist/Handful.dmg
if [ -n "${NOTARY_PROFILE:-}" ]; then
  xcrun notarytool submit dist/Handful.dmg --keychain-profile "$NOTARY_PROFILE" --wait
  xcrun stapler staple dist/Handful.dmg
fi
