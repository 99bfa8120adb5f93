-- The extension as installed: version, schema, who may use it.
SELECT plan(5);

SELECT is(aiodal.version(), extversion, 'the library is of the version that was created')
  FROM pg_extension WHERE extname = 'aiodal';
SELECT has_schema('aiodal');
SELECT schema_privs_are('aiodal', 'public', ARRAY['USAGE']);
SELECT is((SELECT count(*) FROM pg_proc p WHERE pronamespace = 'aiodal'::regnamespace AND prosecdef), 0::bigint,
          'no function runs with its owner''s rights');
SELECT is((SELECT string_agg(p.oid::regprocedure::text, ', ') FROM pg_proc p
            WHERE pronamespace = 'aiodal'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL), NULL,
          'every function has a comment');

SELECT * FROM finish();
