#!/usr/bin/env bash
# make deb: all that make install installs, each file in one package, and what the packages need.
. "$(dirname "$0")/../tap.sh"

cd "$(dirname "$0")/../.." || exit
{ command -v dpkg-shlibdeps && command -v strip; } >/dev/null || { echo '1..0 # SKIP no dpkg-shlibdeps'; exit; }
pg_config=${PG_CONFIG:-pg_config}
server=$("$pg_config" --version | sed 's/^PostgreSQL \([0-9]*\).*/\1/')
version=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" extension/aiodal.control)
dpkg-query -S "$("$pg_config" --bindir)/postgres" >/dev/null 2>&1 || { echo '1..0 # SKIP the server is no package'; exit; }

exits 0 'packages are made' env DEB_DIR="$scratch/deb" test/deb
package() { echo "$scratch/deb/$1_${version}_$(dpkg --print-architecture).deb"; }
field() { dpkg-deb -f "$(package "$1")" "$2"; }
for name in "postgresql-$server-aiodal" aiodal libaiodal0 libaiodal-dev; do
	is "$(field "$name" Version)" "$version" "$name"
	dpkg-deb -x "$(package "$name")" "$scratch/all"
done
for name in libaiodal-web0 libaiodal-web-dev libaiodal-test-dev; do
	[ ! -e "$(package "$name")" ] || dpkg-deb -x "$(package "$name")" "$scratch/all"
done
is "$(field libaiodal0 Depends | tr ',' '\n' | sed 's/^ //; s/ .*//; s/t64$//' | sort | xargs)" 'libc6 libpq5 zlib1g' 'the library needs libpq and zlib alone'
like "$(field "postgresql-$server-aiodal" Depends)" "*postgresql-$server*" 'the extension needs its server'
like "$(field libaiodal-dev Depends)" "*libaiodal0 (= $version)*libpq-dev*" 'headers need the library and those of libpq'

libdir=/usr/lib/$(dpkg-architecture -qDEB_HOST_MULTIARCH)
make -s install with_llvm=no DESTDIR="$scratch/root" PREFIX=/usr LIBDIR="$libdir" >/dev/null 2>&1
files() { (cd "$1" && find . ! -type d ! -path './usr/share/doc/*' | sed 's/\.1\.gz$/.1/' | sort); }
is "$(files "$scratch/all")" "$(files "$scratch/root")" 'together they have what make install installs'
is "$(cd "$scratch/all" && find . -type l ! -exec test -e {} \; -print)" '' 'every link has its aim'
is "$(for deb in "$scratch"/deb/*.deb; do dpkg-deb -c "$deb" | awk '$1 !~ /^d/ { print $6 }'; done | sort | uniq -d)" '' 'no file is in two of them'
done_testing
