#!/usr/bin/env bash
# Decoding tells of a merge what it tells of plain statements that write the same rows.
. "$(dirname "$0")/../tap.sh"

export PGDATABASE=aiodal_decoded_$$
slot=$PGDATABASE
as() { PGOPTIONS="-c client_min_messages=warning -c session_preload_libraries=aiodal" psql -XAtq -v ON_ERROR_STOP=1 "$@"; }
sql() { as -c "$1"; }
cleanup()
{
	as -d postgres -c "SELECT pg_drop_replication_slot('$slot') FROM pg_replication_slots WHERE slot_name = '$slot'" \
		-c "DROP DATABASE IF EXISTS $PGDATABASE WITH (FORCE)"
	rm -rf "$scratch"
}
if [ "$(as -d postgres -c "SELECT current_setting('wal_level') = 'logical' AND current_setting('is_superuser') = 'on'")" != t ]; then
	skip 'the server does not decode (wal_level), or we may not make a slot'
	done_testing
fi
trap cleanup EXIT
as -d postgres -c "CREATE DATABASE $PGDATABASE TEMPLATE template0 ENCODING 'UTF8'"
# what is committed is there to be decoded
as -d postgres -c "ALTER DATABASE $PGDATABASE SET synchronous_commit = on"
as -f "$(dirname "$0")/../data/merge_decoded.sql"
sql 'COPY batch TO STDOUT WITH (FORMAT csv, HEADER)' >"$scratch/batch.csv"
# rows that are set aside are told of by nobody
{ cat "$scratch/batch.csv" && printf '501,,no sku,\n3001,sku 1,taken,\nx,,,\n'; } >"$scratch/bad.csv"
if ! sql "SELECT FROM pg_create_logical_replication_slot('$slot', 'test_decoding')" >"$scratch/slot" 2>&1; then
	skip "no slot: $(cat "$scratch/slot")"
	done_testing
fi

# tables STATEMENT: t in both schemas, with the rows that a merge finds; {} in the statement is the schema
tables()
{
	local schema
	for schema in direct plain; do
		as <<-END
			DROP SCHEMA IF EXISTS $schema CASCADE;
			CREATE SCHEMA $schema;
			CREATE TABLE $schema.t (id int, gone int, sku text NOT NULL, v text, big text, made date DEFAULT '2000-01-01',
			    g text GENERATED ALWAYS AS (upper(v)) STORED, PRIMARY KEY (id)) ${partitioned:-};
			${1//\{\}/$schema}
			ALTER TABLE $schema.t ALTER big SET STORAGE EXTERNAL, DROP gone;
			INSERT INTO $schema.t (id, sku, v, big) SELECT * FROM original;
		END
	done
}

# merge WAY MODE
merge()
{
	case $1 in
		merge) sql "SET aiodal.path = 'direct'; SELECT FROM aiodal.merge('batch', 'direct.t', '$2')" ;;
		copy) sql "SET aiodal.path = 'direct'; COPY direct.t FROM STDIN WITH (FORMAT csv, HEADER, merge '$2')" <"$scratch/batch.csv" ;;
		set_aside) sql "COPY direct.t FROM STDIN WITH (FORMAT csv, HEADER, merge '$2', on_error 'reject', on_duplicate 'first')" <"$scratch/bad.csv" ;;
	esac
}

# changes SCHEMA: since the last call, but for transactions' ends
changes()
{
	sql "SELECT replace(data, '$1.', '') FROM pg_logical_slot_get_changes('$slot', NULL, NULL, 'include-xids', '0', 'skip-empty-xacts', '1')
		WHERE data LIKE 'table $1.%'" | LC_ALL=C sort
}

# same WAY MODE NAME: the changes
same()
{
	changes none >/dev/null
	merge "$1" "$2" && changes direct >"$scratch/direct"
	sql "CALL write_plainly('$2')" && changes plain >"$scratch/plain"
	exits 0 "$3, $1 $2: $(wc -l <"$scratch/plain") changes" cmp "$scratch/direct" "$scratch/plain" ||
		note "$(diff "$scratch/direct" "$scratch/plain" | cut -c 1-300)"
	[ "$(wc -l <"$scratch/plain")" -gt 1500 ] || ok 1 'there are that many'
}

# tells PATTERN: of the last merge
tells() { exits 0 "they tell what \"$1\" stands for" grep -q "$1" "$scratch/direct"; }

declare -A told=([DEFAULT]='unchanged-toast-datum' [FULL]='old-key: id.*big' [NOTHING]='DELETE: (no-tuple-data)' ['USING INDEX t_sku']='old-key: sku')
for identity in 'DEFAULT' 'FULL' 'NOTHING' 'USING INDEX t_sku'; do
	for way in merge copy set_aside; do
		tables "CREATE UNIQUE INDEX t_sku ON {}.t (sku); ALTER TABLE {}.t REPLICA IDENTITY $identity;"
		same $way upsert "replica identity $identity"
	done
	tables "CREATE UNIQUE INDEX t_sku ON {}.t (sku); ALTER TABLE {}.t REPLICA IDENTITY $identity;"
	same merge sync "replica identity $identity"
	tells "${told[$identity]}"
done
partitioned='PARTITION BY RANGE (id)'
for way in merge copy; do
	tables 'CREATE TABLE {}.low PARTITION OF {}.t FOR VALUES FROM (1) TO (1000);
		CREATE TABLE {}.high (sku text NOT NULL, big text, v text, g text GENERATED ALWAYS AS (upper(v)) STORED, made date, gone int, id int NOT NULL);
		ALTER TABLE {}.t ATTACH PARTITION {}.high FOR VALUES FROM (1000) TO (9999);'
	same $way upsert 'partitions'
done
done_testing
