#!/usr/bin/env bash
# Installs the C library into a folder and uses it as a C program does, without Swift: shows its symbols, builds and runs Examples/c through
# pkg-config and through CMake (where it is installed), under the address sanitizer.
#
#     Tests/Acceptance/library.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

prefix=$(mktemp -d)
trap 'rm -rf "$prefix"' EXIT
make --no-print-directory install PREFIX="$prefix" >"$prefix/log" 2>&1 || { tail "$prefix/log"; exit 1; }

# What the header declares, and nothing else.
declared=$(grep -o 'linwarp_[a-z_]*(' Sources/CLinWarp/include/linwarp.h | tr -d '(' | sort -u)
exported=$(nm -D --defined-only "$prefix/lib/liblinwarp.so" | sed -n 's/.* T //p' | sort)
diff <(echo "$declared") <(echo "$exported") || { echo "library: found other symbols than those of linwarp.h"; exit 1; }
echo "library: $(echo "$exported" | wc -l) functions, $(stat -Lc %s "$prefix/lib/liblinwarp.so") bytes"
if ldd "$prefix/lib/liblinwarp.so" | grep -i -E 'swift|foundation'; then echo "library: found Swift's libraries among what it needs"; exit 1; fi

run() { env -i PATH=/usr/bin:/bin LD_LIBRARY_PATH="$prefix/lib" "$@"; }
flags=$(PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config --cflags --libs linwarp)
# shellcheck disable=SC2086
cc -std=c99 -Wall -Wextra -Werror -pedantic -g -fsanitize=address Examples/c/align.c $flags -lm -o "$prefix/align"
echo "library: pkg-config $(PKG_CONFIG_PATH="$prefix/lib/pkgconfig" pkg-config --modversion linwarp)"
run "$prefix/align"
if command -v cmake >/dev/null; then
    cmake -S Examples/c -B "$prefix/build" -DCMAKE_PREFIX_PATH="$prefix" >/dev/null
    cmake --build "$prefix/build" >/dev/null
    echo "library: CMake"
    run "$prefix/build/align"
fi
