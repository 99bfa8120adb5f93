-- Seven statements, divided by semicolons: the columns of the catalogs that a reflection cannot
-- do without, as they are. Nothing is turned into text: what is left to the client is most of
-- the work. It is the floor for whatever reads the catalogs by SQL.
SELECT oid, relname, relnamespace, relkind, relpersistence, relowner, reloptions FROM pg_class WHERE oid >= 16384;
SELECT attrelid, attnum, attname, atttypid, atttypmod, attnotnull, attidentity, attgenerated, attcollation
    FROM pg_attribute WHERE attrelid >= 16384 AND attnum > 0 AND NOT attisdropped;
SELECT adrelid, adnum, adbin FROM pg_attrdef;
SELECT oid, conname, conrelid, contype, conkey, confrelid, confkey, confupdtype, confdeltype, conindid, conbin
    FROM pg_constraint WHERE oid >= 16384;
SELECT indexrelid, indrelid, indisunique, indisprimary, indkey, indoption, indclass, indcollation, indpred
    FROM pg_index WHERE indrelid >= 16384;
SELECT oid, typname, typnamespace, typtype, typelem, typbasetype, typtypmod FROM pg_type WHERE oid >= 16384;
SELECT objoid, classoid, objsubid, description FROM pg_description WHERE objoid >= 16384
