SELECT aiodal.stage('subdivision');
\copy subdivision_stage FROM subdivision.jsonl WITH (FORMAT jsonl)
UPDATE subdivision_stage SET parent = left(code, 3) || parent WHERE parent NOT LIKE '%-%';
SELECT inserted, updated, unchanged FROM aiodal.merge('subdivision_stage');
