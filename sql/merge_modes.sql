-- The five modes, each on the same table with the same batch.
CREATE TABLE book (isbn text PRIMARY KEY, title text NOT NULL, price numeric(6, 2), added int GENERATED ALWAYS AS IDENTITY);
CREATE PROCEDURE restock() LANGUAGE sql BEGIN ATOMIC
    DELETE FROM book;
    INSERT INTO book (isbn, title, price) VALUES ('1', 'Emma', 9), ('2', 'Ulysses', 12), ('3', 'Walden', 7);
END;

-- A stage is a temporary table: filled by COPY or as one likes, merged, and gone with the transaction.
CALL restock();
BEGIN;
SELECT aiodal.stage('book', columns => '{isbn,title,price}');
COPY book_stage FROM STDIN WITH (FORMAT csv);
1,Emma,9.00
2,Ulysses,15.00
4,Dracula,8.00
\.
SELECT staged, inserted, updated, unchanged, ignored, deleted, duplicates, rejected FROM aiodal.merge('book_stage');
COMMIT;
SELECT isbn, title, price FROM book ORDER BY isbn;
SELECT to_regclass('book_stage') IS NULL AS stage_is_gone;

-- Any table serves as a stage when the target is named.
CREATE TABLE batch (isbn text, title text, price numeric(6, 2));
INSERT INTO batch VALUES ('1', 'Emma', 9), ('2', 'Ulysses', 15), ('4', 'Dracula', 8);

-- insert: a key that is there is an error, and nothing is loaded.
CALL restock();
SELECT inserted FROM aiodal.merge('batch', 'book', mode => 'insert');
SELECT inserted FROM aiodal.merge('batch', 'book', mode => 'insert', key => '{isbn}');

-- ignore: a key that is there keeps its row.
SELECT inserted, ignored FROM aiodal.merge('batch', 'book', mode => 'ignore');
SELECT isbn, title, price FROM book ORDER BY isbn;

-- upsert: a row that differs is updated, one that does not is left alone.
CALL restock();
CREATE TEMP TABLE version AS SELECT isbn, ctid AS place FROM book;
SELECT inserted, updated, unchanged FROM aiodal.merge('batch', 'book', mode => 'upsert');
SELECT isbn, title, price, place IS NULL OR place <> book.ctid AS written
  FROM book LEFT JOIN version USING (isbn) ORDER BY isbn;

-- update: nothing is inserted.
CALL restock();
SELECT updated, unchanged, ignored FROM aiodal.merge('batch', 'book', mode => 'update');
SELECT isbn, title, price FROM book ORDER BY isbn;

-- sync: upsert, then what the batch lacks is deleted, within delete_where if it is given.
CALL restock();
SELECT inserted, updated, unchanged, deleted FROM aiodal.merge('batch', 'book', mode => 'sync', delete_where => 'price > 10 -- none of them');
SELECT inserted, updated, unchanged, deleted FROM aiodal.merge('batch', 'book', mode => 'sync');
SELECT isbn, title, price FROM book ORDER BY isbn;

-- update_columns: what an update writes, and what makes a row differ.
CALL restock();
UPDATE batch SET title = upper(title);
SELECT inserted, updated, unchanged FROM aiodal.merge('batch', 'book', update_columns => '{price}');
SELECT isbn, title, price FROM book ORDER BY isbn;

DROP TABLE book, batch CASCADE;
