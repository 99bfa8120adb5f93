-- The tables of the demo. The columns of vendor have shorter names than the
-- file; those of the others are the keys of the JSON objects.
\set ON_ERROR_STOP on

CREATE EXTENSION aiodal;

CREATE TABLE vendor (
    prefix   varchar(6) PRIMARY KEY,
    registry text NOT NULL,
    name     text NOT NULL,
    address  text
);

CREATE TABLE country (
    alpha_2       char(2) PRIMARY KEY,
    alpha_3       char(3) NOT NULL UNIQUE,
    numeric       char(3) NOT NULL UNIQUE,
    name          text NOT NULL,
    official_name text,
    common_name   text,
    flag          text
);

CREATE TABLE subdivision (
    code    text PRIMARY KEY,
    country char(2) GENERATED ALWAYS AS (left(code, 2)) STORED REFERENCES country,
    name    text NOT NULL,
    type    text NOT NULL,
    parent  text REFERENCES subdivision
);
