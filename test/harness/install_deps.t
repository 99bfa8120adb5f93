#!/usr/bin/env bash
# What is said when something is missing: one line to run, nothing installed.
. "$(dirname "$0")/../tap.sh"

install_deps=$(cd "$(dirname "$0")/.." && pwd)/install_deps

exits 0 'on a machine where the tests run, nothing is missing' "$install_deps" -n check
is "$out" '' '  and nothing is said'
exits 2 'an unknown purpose is a usage error' "$install_deps" -n nonsense
like "$out" '*"nonsense"*build, check, demo*' '  which lists the known ones'
exits 1 'without a server' env PG_CONFIG=/nonexistent/pg_config "$install_deps" -n build
if command -v apt-get >/dev/null; then
	like "$out" '*apt-get install -y --no-install-recommends*postgresql-[1-9][0-9] postgresql-server-dev-[1-9]*' '  the line to run is shown'
	is "$(grep -c 'apt-get install' <<<"$out")" 1 '  once'
	# Debian's client package has the build rules, not the headers
	printf '#!/bin/sh\nexec %s "$@" | sed "s|^.*/server$|/nonexistent|"\n' "$(command -v "${PG_CONFIG:-pg_config}")" >"$scratch/pg_config"
	chmod +x "$scratch/pg_config"
	exits 1 "without the server's headers" env PG_CONFIG="$scratch/pg_config" "$install_deps" -n build
	like "$out" '*postgresql-server-dev-[1-9]*' '  their package is asked for'
	# a path without anything but what the script itself is made of
	mkdir "$scratch/bin"
	for program in bash awk sed sort cut tr head id apt-get apt-cache env cat dirname; do
		ln -s "$(command -v $program)" "$scratch/bin/$program"
	done
	exits 1 'on a bare machine' env PATH="$scratch/bin" bash "$install_deps" -n check demo valgrind
	for package in gcc make pkg-config postgresql-[1-9][0-9] postgresql-server-dev-[1-9][0-9] libpq-dev zlib1g-dev libcmocka-dev \
		postgresql-[1-9][0-9]-pgtap libtap-parser-sourcehandler-pgtap-perl valgrind; do
		like "$out " "* $package *" "  $package is asked for"
	done
fi
done_testing
