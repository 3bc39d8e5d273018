#!/bin/sh
# Builds the container tier's canary for both architectures and writes src/worker/sandbox/t2-program.ts.
# Needs gcc and gcc-aarch64-linux-gnu (or CC_X64 and CC_ARM64); only after canary.c has changed.
set -eu
here=$(dirname "$0")
out="$here/../../src/worker/sandbox/t2-program.ts"
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT
flags="-Os -nostdlib -static -ffreestanding -fno-builtin -fno-stack-protector -fno-asynchronous-unwind-tables -fno-pic -no-pie -s
  -Wl,-N,--build-id=none,-z,norelro,-z,noexecstack,--no-warn-rwx-segments"
${CC_X64:-gcc} $flags -fcf-protection=none -o "$temporary/x64" "$here/canary.c"
${CC_ARM64:-aarch64-linux-gnu-gcc} $flags -o "$temporary/arm64" "$here/canary.c"
{
  echo "/** The program of the container tier's canary, for each architecture: gzip in base64. Made from scripts/canary/canary.c by build.sh. */"
  echo "export const canaryPrograms: Readonly<Record<string, string>> = {"
  for arch in x64 arm64; do
    echo "  $arch:"
    gzip -9nc "$temporary/$arch" | base64 -w 96 | sed '1s/^/    "/; $!s/$/" +/; 1!s/^/    "/; $s/$/",/'
  done
  echo "};"
} >"$out"
