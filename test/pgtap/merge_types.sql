-- Keys of types whose equal values differ in what they look like: which row has a
-- key, and which keys a batch has twice, is for the type's own equality, whatever
-- the path. Types of contrib are left out where that is not installed.
CREATE COLLATION any_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TYPE grade AS ENUM ('low', 'high', 'fair');
CREATE TYPE pair AS (x int, y text);
CREATE DOMAIN below_100 AS numeric CHECK (VALUE < 100);

CREATE TABLE cases (n int GENERATED ALWAYS AS IDENTITY, of text, extension text, there text[], batch text[], expected text);
INSERT INTO cases (of, extension, there, batch, expected) VALUES
    ('numeric', NULL, '{NaN,1.0,Infinity,0}', '{NaN,1.00,-0,2,2.000}', '1 inserted, 3 updated, 1 twice: 0 1.0 2 Infinity NaN'),
    ('float8', NULL, '{0,NaN}', '{-0,NaN,5,0,5e0}', '1 inserted, 2 updated, 2 twice: 0 5 NaN'),
    ('interval', NULL, '{1 day,24:00:01}', '{24:00:00,30 days,1 mon}', '1 inserted, 1 updated, 1 twice: 1 day 24:00:01 30 days'),
    ('char(5)', NULL, '{ab,c}', '{"ab  ",x,"x ",ab}', '1 inserted, 1 updated, 2 twice: ab c x'),
    ('text COLLATE any_case', NULL, '{Abc,x}', '{aBC,new,NEW,ABC}', '1 inserted, 1 updated, 2 twice: Abc new x'),
    ('citext', 'citext', '{Abc,x}', '{aBC,new,NEW,ABC}', '1 inserted, 1 updated, 2 twice: Abc new x'),
    ('hstore', 'hstore', '{a=>1}', '{"\"a\" => \"1\"","b=>1,a=>2","a=>2, b=>1"}', '1 inserted, 1 updated, 1 twice: "a"=>"1" "a"=>"2", "b"=>"1"'),
    ('int[]', NULL, '{"{1,2}"}', '{"{ 1, 2 }","[0:0]={3}","{3}","{3}"}', '2 inserted, 1 updated, 1 twice: {1,2} [0:0]={3} {3}'),
    ('int4range', NULL, '{"[1,3)",empty}', '{"[1,2]","(5,5)","[7,8]","[7,9)"}', '1 inserted, 2 updated, 1 twice: empty [1,3) [7,9)'),
    ('int4multirange', NULL, '{"{[1,3)}"}', '{"{[1,2]}","{}","{(5,5)}"}', '1 inserted, 1 updated, 1 twice: {} {[1,3)}'),
    ('grade', NULL, '{low}', '{high,low,high}', '1 inserted, 1 updated, 1 twice: low high'),
    ('below_100', NULL, '{1}', '{1.0,2,2.0}', '1 inserted, 1 updated, 1 twice: 1 2'),
    ('below_100', NULL, '{1}', '{1.0,200}', '23514 value for domain below_100 violates check constraint "below_100_check"'),
    ('pair', NULL, '{"(1,a)"}', '{"(1,\"a\")","(2,b)","( 2,b)"}', '1 inserted, 1 updated, 1 twice: (1,a) (2,b)'),
    ('varbit', NULL, '{101}', '{101,0001,1,0001}', '2 inserted, 1 updated, 1 twice: 0001 1 101'),
    ('timetz', NULL, '{11:00+02}', '{12:00+02,11:00+02,10:00+00}', '2 inserted, 1 updated: 11:00:00+02 12:00:00+02 10:00:00+00'),
    ('timestamptz', NULL, '{2020-01-01 00:00+00,infinity}', '{2020-01-01 02:00+02,infinity,-infinity}', '1 inserted, 2 updated: -infinity 2020-01-01 00:00:00+00 infinity'),
    ('inet', NULL, '{10.0.0.1}', '{10.0.0.1/32,10.0.0.1/24,::1}', '2 inserted, 1 updated: 10.0.0.1/24 10.0.0.1/32 ::1/128'),
    ('macaddr', NULL, '{08:00:2b:01:02:03}', '{08002b-010203}', '0 inserted, 1 updated: 08:00:2b:01:02:03'),
    ('jsonb', NULL, '{"{\"a\":1}",2}', '{"{\"a\": 1.0}",2.00,[],"[ ]"}', '1 inserted, 2 updated, 1 twice: [] 2 {"a": 1}'),
    ('tsvector', NULL, '{a b}', '{b a,c}', '1 inserted, 1 updated: ''c'' ''a'' ''b''');
DELETE FROM cases WHERE extension NOT IN (SELECT name FROM pg_available_extensions);
DO $$
DECLARE name text;
BEGIN
    FOR name IN SELECT extension FROM cases WHERE extension IS NOT NULL LOOP
        EXECUTE format('CREATE EXTENSION %I', name);
    END LOOP;
END $$;

-- What a batch of such keys does to a table of such keys: counts, and the keys there are afterwards in their order.
CREATE FUNCTION merged(c cases, repeats text, path text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
    stage regclass;
    m aiodal.merge_result;
    keys text;
BEGIN
    PERFORM set_config('aiodal.path', path, true);
    EXECUTE format('CREATE TEMPORARY TABLE t (k %s PRIMARY KEY, line int)', c.of);
    EXECUTE format('INSERT INTO t SELECT x::%s, 0 FROM unnest($1::text[]) AS x', c.of) USING c.there;
    stage := aiodal.stage('t', mode => 'upsert', on_duplicate => repeats);
    EXECUTE format('INSERT INTO %s SELECT x::%s, i FROM unnest($1::text[]) WITH ORDINALITY AS u(x, i) ORDER BY i', stage, c.of) USING c.batch;
    m := aiodal.merge(stage);
    EXECUTE 'SELECT string_agg(k::text, '' '' ORDER BY k) FROM t' INTO keys;
    DROP TABLE t CASCADE;
    RETURN format('%s%s inserted, %s updated%s: %s',
        CASE WHEN m.path <> path THEN 'path ' || m.path || ': ' END, m.inserted, m.updated,
        CASE WHEN m.duplicates > 0 THEN format(', %s twice', m.duplicates) END, keys);
EXCEPTION WHEN OTHERS THEN
    RETURN SQLSTATE || ' ' || SQLERRM;
END $$;
SELECT plan(3 * count(*)::int) FROM cases;
SELECT is(merged(c, 'first', 'direct'), c.expected, c.of) FROM cases c ORDER BY n;
SELECT is(merged(c, 'first', 'sql'), c.expected, c.of || ' by SQL') FROM cases c ORDER BY n;
SELECT is(merged(c, 'error', 'direct'), merged(c, 'error', 'sql'), c.of || ', repeats refused alike') FROM cases c ORDER BY n;
