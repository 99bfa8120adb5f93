#!/usr/bin/env bash
#
# Other extensions that look at statements, pg_stat_statements for one: behind
# aiodal in the chain of hooks they get every COPY that is not taken over, in
# front of it all of them, with the rows counted.
set -uo pipefail

cd "$(dirname "$0")/../.." || exit
# shellcheck source=test/tap.sh
. test/tap.sh

# seen PRELOADED: what pg_stat_statements has of four COPYs, as "rows statement"
seen()
{
	AIODAL_CONF="shared_preload_libraries = '$1'
pg_stat_statements.track = all" test/with_server psql -XAtq -F ' ' -v ON_ERROR_STOP=1 <<-'SQL' 2>&1
		SET client_min_messages = warning;
		CREATE EXTENSION pg_stat_statements;
		CREATE EXTENSION aiodal;
		CREATE TABLE book (id int PRIMARY KEY, title text);
		CREATE TABLE plain (id int);
		BEGIN;
		SELECT aiodal.stage('book') IS NULL;
		COPY plain FROM STDIN;
		1
		2
		\.
		COPY book_stage FROM STDIN (FORMAT csv, HEADER);
		title,id
		one,1
		\.
		COPY book FROM STDIN (FORMAT csv, merge 'upsert');
		1,uno
		2,two
		3,three
		\.
		COMMIT;
		COPY plain TO '/dev/null';
		SELECT rows, split_part(query, ' ', 2) || ' ' || split_part(query, ' ', 3) FROM pg_stat_statements WHERE query LIKE 'COPY%' ORDER BY query COLLATE "C";
		SELECT 'loaded', count(*) FROM book;
	SQL
}

is "$(seen 'aiodal, pg_stat_statements')" 'f
3 book FROM
1 book_stage FROM
2 plain FROM
2 plain TO
loaded 3' 'a hook in front of ours sees all, and the rows'
is "$(seen 'pg_stat_statements, aiodal')" 'f
2 plain FROM
2 plain TO
loaded 3' 'one behind it sees what is not taken over'
done_testing
