-- Rows that the merge sets aside: constraints, foreign keys, other unique keys, duplicates.
CREATE TABLE parent (code char(2) PRIMARY KEY);
INSERT INTO parent VALUES ('AA'), ('BB'), ('CC');
CREATE TABLE item (
    id int PRIMARY KEY,
    code char(2) NOT NULL REFERENCES parent,
    name text NOT NULL,
    qty smallint CHECK (qty >= 0),
    price numeric(8,2),
    active boolean NOT NULL DEFAULT true,
    UNIQUE (code, name));
BEGIN;
SELECT aiodal.stage('item', on_error=>'reject');
COPY item_stage FROM STDIN WITH (format csv, header);
id,code,name,qty,price,active
1,AA,one,1,1.00,true
2,ZZ,orphan,1,1.00,true
3,AA,neg,-1,1.00,true
4,AA,,1,1.00,true
5,BB,five,1,x,true
6,BB,six,1,1,true
6,BB,six again,1,1,true
7,BB,six,1,1,true
8,CC,eight,1,1,
9,CC,nine,1,1,true
\.
SELECT * FROM aiodal.merge('item_stage');
SELECT line, record, column_name, value, sqlstate, raw FROM aiodal.rejects() ORDER BY line;
SELECT id, code, name, active FROM item ORDER BY 1;
ROLLBACK;
CREATE TABLE tree(id int primary key, parent int references tree, v int check (v > 0));
BEGIN;
SELECT aiodal.stage('tree', on_error=>'reject');
COPY tree_stage FROM STDIN WITH (format csv);
1,2,1
2,3,1
3,,1
4,99,1
5,4,1
6,,-1
7,1,1
\.
SELECT * FROM aiodal.merge('tree_stage');
SELECT line, column_name, value, sqlstate FROM aiodal.rejects() ORDER BY line;
SELECT * FROM tree ORDER BY 1;
SELECT * FROM aiodal.merge('tree_stage');
ROLLBACK;
BEGIN;
SELECT aiodal.stage('tree', on_error=>'reject', max_rejects => 1);
COPY tree_stage FROM STDIN WITH (format csv);
4,99,1
5,4,1
6,,-1
\.
SELECT * FROM aiodal.merge('tree_stage');
ROLLBACK;
SELECT line, column_name, value, sqlstate FROM aiodal.rejects() ORDER BY line;

-- sync: what the batch has is not deleted, even when it was set aside
INSERT INTO tree VALUES (1, NULL, 1), (2, NULL, 1), (3, NULL, 1);
BEGIN;
SELECT aiodal.stage('tree', on_error => 'reject', mode => 'sync');
COPY tree_stage FROM STDIN WITH (FORMAT csv);
1,,-1
2,,5
\.
SELECT staged, inserted, updated, deleted, rejected FROM aiodal.merge('tree_stage');
SELECT * FROM tree ORDER BY id;
ROLLBACK;
-- a missing right is no row's fault
CREATE ROLE regress_aiodal_reader;
GRANT SELECT, INSERT ON tree TO regress_aiodal_reader;
SET ROLE regress_aiodal_reader;
BEGIN;
SELECT aiodal.stage('tree', on_error => 'reject');
COPY tree_stage FROM STDIN WITH (FORMAT csv);
1,,7
\.
SELECT * FROM aiodal.merge('tree_stage');
ROLLBACK;
RESET ROLE;
DROP OWNED BY regress_aiodal_reader;
DROP ROLE regress_aiodal_reader;
