#!/usr/bin/env bash
# Databases in other encodings than the program's: names and rows come through as they are.
. "$(dirname "$0")/../cli.sh"

cd "$scratch" || exit 1
home=$PGDATABASE
forget_databases() { for one in latin1 euc_jp; do outer_sql "DROP DATABASE IF EXISTS ${home}_$one WITH (FORCE)"; done; forget; }
trap forget_databases EXIT

# in_database ENCODING: what follows is about a database of that encoding, PGDATABASE
in_database()
{
	PGDATABASE=${home}_$1
	outer_sql "CREATE DATABASE $PGDATABASE TEMPLATE template0 ENCODING '$1' LC_COLLATE 'C' LC_CTYPE 'C'"
	sql 'CREATE EXTENSION aiodal'
}

export PGCLIENTENCODING=UTF8

# --- names

in_database latin1
sql 'CREATE TABLE "größe" (id int PRIMARY KEY, "länge" int); CREATE TYPE "maß" AS ENUM ($$süß$$)'
exits 0 'LATIN1: a table is found by its name' aiodal codegen -t größe -o latin1
like "$(cat latin1.h)" '*struct gr*länge*' 'and its columns have theirs'
refuses_names() { exits 1 "$1" aiodal codegen -t grösse -o none; like "$out" "$2" "$1: the names there are"; }
refuses_names 'LATIN1: another name' '*table "grösse" does not exist*"größe"*'
exits 0 'LATIN1: in LATIN1' aiodal -d 'client_encoding=LATIN1' codegen -t "$(printf 'gr\366\337e')" -o in_latin1
is "$(iconv -f latin1 -t utf8 in_latin1.h | grep -c länge)" "$(grep -c länge latin1.h)" 'a client in LATIN1 gets names in that'

in_database euc_jp
sql 'CREATE TABLE "本" (id int PRIMARY KEY, "題名" text)'
exits 0 'EUC_JP: a table is found by its name' aiodal codegen -t 本 -o euc_jp
like "$(cat euc_jp.h)" '*題名*' 'and its columns have theirs'

PGDATABASE=$home
sql 'CREATE TABLE "本" (id int PRIMARY KEY)'
exits 1 'UTF8: in an encoding that lacks a name' aiodal -d 'client_encoding=LATIN1' codegen -t book -o none
like "$out" '*character with byte sequence 0xe6 0x9c 0xac in encoding "UTF8" has no equivalent in encoding "LATIN1"*' 'as a query of it would be'
sql 'DROP TABLE "本"'

done_testing
