#!/usr/bin/env bash
# make install as packagers and users call it; what was installed compiles,
# links and runs; make uninstall takes all of it away.
. "$(dirname "$0")/../tap.sh"

cd "$(dirname "$0")/../.." || exit
pg_config=${PG_CONFIG:-pg_config}
version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" extension/aiodal.control)

root=$scratch/root
exits 0 'make install into DESTDIR' make -s install with_llvm=no DESTDIR="$root" PREFIX=/usr
for file in "$("$pg_config" --pkglibdir)/aiodal.so" "$("$pg_config" --sharedir)/extension/aiodal.control" \
	"$("$pg_config" --sharedir)/extension/aiodal--$version.sql" /usr/include/aiodal/aiodal.h /usr/lib/libaiodal.so \
	/usr/lib/pkgconfig/aiodal.pc; do
	ok "$([ -e "$root$file" ] && echo 0 || echo 1)" "  $file"
done
is "$(find "$root" -type f -perm /022)" '' '  nothing that others may write'
is "$(grep -rlF "$scratch" "$root")" '' '  nothing that knows where it was staged'
exits 0 'make uninstall' make -s uninstall with_llvm=no DESTDIR="$root" PREFIX=/usr
is "$(find "$root" ! -type d)" '' '  leaves nothing'

prefix=$scratch/prefix
exits 0 'the library into a prefix' make -s -C client install PREFIX="$prefix"
export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
is "$(pkg-config --modversion aiodal)" "$version" '  pkg-config knows its version'
cat >"$scratch/program.c" <<'EOT'
#include <aiodal/aiodal.h>
#include <stdio.h>
#include <string.h>

int
main(void)
{
	puts(aiodal_version());
	return strcmp(aiodal_version(), AIODAL_VERSION) != 0;
}
EOT
# shellcheck disable=SC2046 # words
exits 0 'a program compiles with what pkg-config says' cc -Wall -Wextra -Werror -o "$scratch/program" "$scratch/program.c" $(pkg-config --cflags --libs aiodal)
exits 0 '  and runs' env LD_LIBRARY_PATH="$prefix/lib" "$scratch/program"
is "$out" "$version" '  with the library it was compiled for'
exits 0 '  the library asks for libpq and no more than zlib besides' sh -c "readelf -d '$prefix/lib/libaiodal.so' | grep NEEDED | grep -vE 'lib(pq|z|c|pthread)\.so|ld-linux' && exit 1 || exit 0"
# shellcheck disable=SC2046
exits 0 'a program compiles with the static library' cc -o "$scratch/program" "$scratch/program.c" $(pkg-config --cflags aiodal) "$prefix/lib/libaiodal.a" $(pkg-config --libs libpq) -lz -pthread
exits 0 '  and runs' "$scratch/program"

# the example as its README has it: copied away from here
cp -r client/examples/books "$scratch/books"
exits 0 'the web service builds with what was installed' make -s -C "$scratch/books"
exits 1 '  and runs' env LD_LIBRARY_PATH="$prefix/lib" PGHOST=/nonexistent "$scratch/books/books"
like "$out" 'books: ERROR: *' '  to its first complaint'
exits 0 '  make clean' make -s -C "$scratch/books" clean
is "$(diff -r client/examples/books "$scratch/books")" '' '  leaves nothing'
done_testing
