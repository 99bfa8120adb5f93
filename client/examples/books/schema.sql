-- The library's catalogue. The service connects as the role books, which may do what is granted below and no
-- more.
\set ON_ERROR_STOP on
SET client_min_messages = warning;

CREATE EXTENSION IF NOT EXISTS aiodal;

CREATE TABLE author (
    id   int GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL CONSTRAINT author_name_key UNIQUE CONSTRAINT author_name_check CHECK (name <> ''),
    born smallint
);
COMMENT ON TABLE author IS 'Who writes books';
COMMENT ON COLUMN author.born IS 'Year of birth';

CREATE TABLE book (
    isbn      text PRIMARY KEY CONSTRAINT book_isbn_check CHECK (isbn ~ '^97[89]-[0-9]{10}$'),
    title     text NOT NULL,
    author_id int NOT NULL REFERENCES author,
    year      smallint,
    price     numeric(8,2) CONSTRAINT book_price_check CHECK (price > 0),
    published boolean NOT NULL DEFAULT true,
    owner     text NOT NULL,
    removed   timestamptz
);
CREATE INDEX book_author_id ON book (author_id);
COMMENT ON TABLE book IS 'What can be read';
COMMENT ON COLUMN book.isbn IS 'ISBN-13, with a hyphen behind its prefix';
COMMENT ON COLUMN book.year IS 'First published in';
COMMENT ON COLUMN book.published IS 'Drafts are seen by their owner alone';
COMMENT ON COLUMN book.owner IS 'Who entered it';
COMMENT ON COLUMN book.removed IS 'When it was taken out of the catalogue';

CREATE ROLE books LOGIN;
GRANT SELECT, INSERT, UPDATE, DELETE ON author TO books;
GRANT SELECT, INSERT, UPDATE ON book TO books;

INSERT INTO author (name, born) VALUES
    ('Ursula K. Le Guin', 1929), ('Stanisław Lem', 1921), ('Octavia E. Butler', 1947), ('Italo Calvino', 1923),
    ('Jorge Luis Borges', 1899), ('Tove Jansson', 1914);
INSERT INTO book (isbn, title, author_id, year, price, published, owner) VALUES
    ('978-0061054884', 'The Dispossessed', 1, 1974, 16.99, true, 'grace'),
    ('978-0441478125', 'The Left Hand of Darkness', 1, 1969, 17.00, true, 'grace'),
    ('978-0547773742', 'A Wizard of Earthsea', 1, 1968, 11.99, true, 'grace'),
    ('978-0156027601', 'Solaris', 2, 1961, 14.95, true, 'ada'),
    ('978-0156027595', 'The Cyberiad', 2, 1965, 15.95, true, 'ada'),
    ('978-0807083697', 'Kindred', 3, 1979, 16.00, true, 'ada'),
    ('978-0156453806', 'Invisible Cities', 4, 1972, 15.99, true, 'grace'),
    ('978-0802130303', 'Ficciones', 5, 1944, 17.00, true, 'grace'),
    ('978-1590172681', 'The Summer Book', 6, 1972, 15.95, true, 'grace'),
    ('978-1590175071', 'Fair Play (second draft)', 6, 1989, NULL, false, 'grace');
