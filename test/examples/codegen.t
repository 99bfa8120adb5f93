#!/usr/bin/env bash
# The example of aiodal codegen, as its header says it is to be built.
. "$(dirname "$0")/../tap.sh"

cd "$(dirname "$0")/../.." || exit
export PGDATABASE=aiodal_shop_$$
psql -XAtq -d postgres -c "CREATE DATABASE $PGDATABASE" || exit
trap 'psql -XAtq -d postgres -c "DROP DATABASE $PGDATABASE WITH (FORCE)"; rm -rf "$scratch"' EXIT
psql -XAtq -c 'CREATE EXTENSION aiodal' -f client/examples/shop/schema.sql || exit
make -s -C client install PREFIX="$scratch/usr" >/dev/null || exit
export PKG_CONFIG_PATH=$scratch/usr/lib/pkgconfig LD_LIBRARY_PATH=$scratch/usr/lib PATH=$scratch/usr/bin:$PATH

exits 0 'the tables become code' aiodal codegen -t customer -t purchase -o "$scratch/tables"
# shellcheck disable=SC2046 # words
exits 0 'the program is compiled with it' "${CC:-cc}" -Wall -Wextra -Werror -I"$scratch" -o "$scratch/shop" \
	client/examples/shop/shop.c "$scratch/tables.c" $(pkg-config --cflags --libs aiodal) || note "$out"
# shellcheck disable=SC2086 # a command and its options
exits 0 'and runs' timeout 60 ${AIODAL_TEST_WRAPPER:-} "$scratch/shop"
is "$out" '1: 17.99, open
2: 8.50, sent
no more: there is no row with this key in "purchase"' 'as expected'
psql -XAtq -c 'ALTER TABLE purchase ALTER number TYPE bigint'
exits 1 'a schema that has changed' "$scratch/shop"
like "$out" '*column "number" of "public"."purchase" is bigint, which does not fit into struct purchase_row*' 'is told before anything runs'
done_testing
