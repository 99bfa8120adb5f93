-- What COPY is besides rows, where it merges: who may read a file of the server, formats, encodings, headers, places in errors,
-- progress. By both paths, streaming and through a stage.
SELECT plan(52);
SET client_min_messages = warning;
SELECT aiodal.version() IS NOT NULL AS loaded;

CREATE FUNCTION file(name text) RETURNS text LANGUAGE sql AS $$ SELECT current_setting('data_directory') || '/copy_statement.' || name $$;
CREATE TABLE t (id int PRIMARY KEY, v text NOT NULL, n int CHECK (n < 100));

-- An error's SQLSTATE, message and the end of its context, or what became of the rows. The last line of all is undone.
CREATE FUNCTION outcome(path text, file text, options text, role text DEFAULT NULL) RETURNS text LANGUAGE plpgsql AS $$
DECLARE result text; context text; m aiodal.merge_result;
BEGIN
    PERFORM set_config('aiodal.path', path, true);
    IF role IS NOT NULL THEN
        EXECUTE format('SET LOCAL ROLE %I', role);
    END IF;
    EXECUTE format('COPY t FROM %L WITH (%s)', file, options);
    m := aiodal.last_copy();
    RAISE SQLSTATE 'ZZ000' USING MESSAGE = format('%s staged, %s inserted, %s updated, %s rejected: %s', m.staged, m.inserted, m.updated, m.rejected,
                                                  (SELECT string_agg(t::text, ' ' ORDER BY t::text) FROM t));
EXCEPTION WHEN OTHERS THEN
    GET STACKED DIAGNOSTICS context = PG_EXCEPTION_CONTEXT;
    RETURN CASE SQLSTATE WHEN 'ZZ000' THEN SQLERRM ELSE concat_ws(' ', SQLSTATE, SQLERRM, substring(context FROM '(?:COPY t|into "t"), (line \d+[^"\n]*(?:"[^"\n]*")?)')) END;
END $$;

CREATE FUNCTION outcomes(file text, options text, expected text, description text, role text DEFAULT NULL) RETURNS SETOF text LANGUAGE sql AS $$
    SELECT is(outcome(path, file, options, role), expected, description || ', path ' || path) FROM unnest(ARRAY['auto', 'sql']) path $$;

INSERT INTO t VALUES (1, 'old', 1), (2, 'Käse', 2);
COPY (SELECT * FROM (VALUES (1, 'new', 1), (2, 'Käse', 2), (3, 'Öl', 3)) r(id, v, n)) TO PROGRAM 'cat > copy_statement.binary' WITH (FORMAT binary);
COPY (SELECT * FROM (VALUES (1, 'new', 1), (2, 'Käse', 2), (3, 'Öl', 3)) r(id, v, n)) TO PROGRAM 'cat > copy_statement.latin1' WITH (FORMAT csv, HEADER, ENCODING 'LATIN1');
COPY (SELECT * FROM (VALUES (10, 'new', 1), (20, 'Käse', 2), (30, 'Öl', 3)) r(n, v, id)) TO PROGRAM 'cat > copy_statement.turned' WITH (FORMAT csv, HEADER);
COPY (SELECT * FROM (VALUES ('id,v,n'), ('1,new,1'), ('3,x,bad'), ('4,y,100')) r(l)) TO PROGRAM 'cat > copy_statement.bad';
COPY (SELECT * FROM (VALUES ('id,v,n'), ('1,"two'), ('lines",1'), ('4,y,100')) r(l)) TO PROGRAM E'tr -d ''\\\\'' > copy_statement.late';
\set good '3 staged, 1 inserted, 1 updated, 0 rejected: (1,new,1) (2,Käse,2) (3,Öl,3)'

-- binary
SELECT outcomes(file('binary'), $$FORMAT binary, merge 'upsert'$$, :'good', 'binary');
SELECT outcomes(file('binary'), $$FORMAT binary, merge 'upsert', on_error 'reject'$$, :'good', 'binary, bad rows set aside');
SELECT outcomes(file('bad'), $$FORMAT binary, merge 'upsert'$$, '22P04 COPY file signature not recognized', 'not binary');
SELECT outcomes(file('binary'), $$FORMAT binary, merge 'update'$$, '3 staged, 0 inserted, 1 updated, 0 rejected: (1,new,1) (2,Käse,2)', 'binary, mode update');

-- encodings
SELECT outcomes(file('latin1'), $$FORMAT csv, HEADER, ENCODING 'LATIN1', merge 'upsert'$$, :'good', 'converted');
SELECT outcomes(file('latin1'), $$FORMAT csv, HEADER, ENCODING 'LATIN1', merge 'upsert', on_error 'reject'$$, :'good', 'converted, bad rows set aside');
SELECT outcomes(file('latin1'), $$FORMAT csv, HEADER, merge 'upsert'$$, '22021 invalid byte sequence for encoding "UTF8": 0xe4 0x73 0x65 line 3', 'not converted');
SELECT outcomes(file('latin1'), $$FORMAT csv, HEADER, merge 'upsert', on_error 'reject'$$, '3 staged, 0 inserted, 1 updated, 2 rejected: (1,new,1) (2,Käse,2)',
                'not converted, bad rows set aside');

-- headers
SELECT outcomes(file('turned'), $$FORMAT csv, HEADER, merge 'upsert'$$, '3 staged, 1 inserted, 2 updated, 0 rejected: (1,new,10) (2,Käse,20) (3,Öl,30)', 'columns by name');
SELECT outcomes(file('turned'), $$FORMAT csv, HEADER, merge 'upsert', on_error 'reject'$$, '3 staged, 1 inserted, 2 updated, 0 rejected: (1,new,10) (2,Käse,20) (3,Öl,30)',
                'columns by name, bad rows set aside');

-- places in errors
SELECT outcomes(file('bad'), $$FORMAT csv, HEADER, merge 'upsert'$$, '22P02 invalid input syntax for type integer: "bad" line 3, column n: "bad"', 'a bad value');
SELECT outcomes(file('late'), $$FORMAT csv, HEADER, merge 'upsert'$$, '23514 new row for relation "t" violates check constraint "t_n_check" line 4', 'a bad row behind two lines');
SELECT outcomes(file('bad'), $$FORMAT csv, HEADER, merge 'upsert', on_error 'reject'$$, '3 staged, 0 inserted, 1 updated, 2 rejected: (1,new,1) (2,Käse,2)', 'both set aside');

-- files of the server
CREATE ROLE copy_statement_reader;
CREATE ROLE copy_statement_other;
GRANT pg_read_server_files TO copy_statement_reader;
GRANT SELECT, INSERT, UPDATE ON t TO copy_statement_reader, copy_statement_other;
GRANT TEMPORARY ON DATABASE :"DBNAME" TO copy_statement_reader, copy_statement_other;
SELECT outcomes(file('binary'), $$FORMAT binary, merge 'upsert'$$, :'good', 'a role that may read files', 'copy_statement_reader');
SELECT outcomes(file('binary'), $$FORMAT binary, merge 'upsert'$$, '42501 permission denied to COPY from a file', 'a role that may not', 'copy_statement_other');
SELECT outcomes(file('bad'), $$FORMAT csv, HEADER, merge 'upsert', on_error 'reject'$$, '42501 permission denied to COPY from a file', 'a role that may not, bad rows set aside',
                'copy_statement_other');
REVOKE UPDATE ON t FROM copy_statement_reader;
SELECT outcomes(file('binary'), $$FORMAT binary, merge 'upsert'$$, '42501 permission denied for table t', 'a role that may not update', 'copy_statement_reader');
SELECT outcomes(file('no'), $$FORMAT csv, HEADER, merge 'upsert'$$, format('58P01 could not open file "%s" for reading: No such file or directory', file('no')), 'no file');

-- the progress goes on behind bad records
CREATE FUNCTION watched(id int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_stat_clear_snapshot();
    PERFORM set_config('copy_statement.seen', (SELECT format('%s %s %s', command, relid::regclass, bytes_processed = bytes_total)
                                                 FROM pg_stat_progress_copy WHERE pid = pg_backend_pid()), false);
    RETURN true;
END $$;
ALTER TABLE t ADD CHECK (watched(id));
SELECT is(outcome('auto', file('bad'), $$FORMAT csv, HEADER, merge 'upsert', on_error 'reject'$$), '3 staged, 0 inserted, 1 updated, 2 rejected: (1,new,1) (2,Käse,2)',
          'bad rows set aside under a watch');
COPY t FROM PROGRAM 'cat copy_statement.bad' WITH (FORMAT csv, HEADER, merge 'upsert', on_error 'reject');
SELECT is(current_setting('copy_statement.seen'), 'COPY FROM t f', 'the progress is that of COPY');
SELECT is((SELECT count(*) FROM pg_stat_progress_copy WHERE pid = pg_backend_pid()), 0::bigint, 'and ends with it');
SELECT is((SELECT string_agg(format('%s %s %s', line, column_name, sqlstate), ', ' ORDER BY line) FROM aiodal.rejects()), '3 n 22P02, 4 n 23514', 'with the bad rows');

-- who cancels while bad rows are set aside, in a subtransaction: that is no row's fault
CREATE FUNCTION cancels(n int) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
    IF n = 20 THEN
        PERFORM pg_cancel_backend(pg_backend_pid()), pg_sleep(600);
    END IF;
    RETURN true;
END $$;
CREATE FUNCTION cancelled() RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    RETURN outcome('auto', file('turned'), $o$FORMAT csv, HEADER, merge 'upsert', on_error 'reject'$o$);
EXCEPTION WHEN query_canceled THEN
    RETURN format('%s: %s', SQLERRM, (SELECT string_agg(t::text, ' ' ORDER BY t::text) FROM t));
END $$;
CREATE DOMAIN number AS int CHECK (cancels(VALUE));
ALTER TABLE t ADD CHECK (cancels(n));
SELECT is(cancelled(), 'canceling statement due to user request: (1,new,1) (2,Käse,2)', 'cancelled while rows are judged');
ALTER TABLE t DROP CONSTRAINT t_n_check1, ALTER n TYPE number;
SELECT is(cancelled(), 'canceling statement due to user request: (1,new,1) (2,Käse,2)', 'cancelled while rows are read');

-- Files that hold no rows as they are
SELECT throws_like(format('COPY t FROM PROGRAM %L WITH (FORMAT %s, merge ''upsert'')', 'printf ''' || bytes || '''', format), message, concat_ws(' ', message, format))
  FROM (VALUES ('\037\213\010\000', 'the data is compressed with gzip'), ('\3757zXZ\000\000\004', 'the data is compressed with xz'),
               ('\050\265\057\375\044', 'the data is compressed with zstd'), ('BZh91AY&SY\001', 'the data is compressed with bzip2'),
               ('\004\042\115\030', 'the data is compressed with lz4'), ('PK\003\004\024\000', 'the data is a zip archive%'),
               ('PAR1\025\004', 'the data is a Parquet file'), ('\377\376i\000', 'the data is encoded in UTF-16')) f (bytes, message),
       (VALUES ('csv, HEADER'), ('jsonl')) k (format) WHERE format <> 'jsonl' OR message ~ 'xz|zip2';

DROP OWNED BY copy_statement_reader, copy_statement_other;
DROP ROLE copy_statement_reader, copy_statement_other;
SELECT * FROM finish();
