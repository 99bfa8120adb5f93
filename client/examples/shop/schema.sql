CREATE TYPE status AS ENUM ('open', 'paid', 'sent');

CREATE TABLE customer (
	id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
	name text NOT NULL,
	email text UNIQUE
);

CREATE TABLE purchase (
	customer integer NOT NULL REFERENCES customer ON DELETE CASCADE,
	number integer NOT NULL,
	status status NOT NULL DEFAULT 'open',
	total numeric(10, 2) NOT NULL,
	items text[] NOT NULL DEFAULT '{}',
	placed date NOT NULL DEFAULT CURRENT_DATE,
	PRIMARY KEY (customer, number)
);
