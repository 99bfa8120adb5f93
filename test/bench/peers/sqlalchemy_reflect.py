"""Seconds SQLAlchemy takes to connect to the database of the PG* environment and to reflect all of it."""

import os
import time

import sqlalchemy

try:
    import psycopg  # noqa: F401
    driver = "psycopg"
except ImportError:
    driver = "psycopg2"

url = sqlalchemy.engine.URL.create(
    f"postgresql+{driver}", username=os.environ["PGUSER"], database=os.environ["PGDATABASE"],
    query={"host": os.environ["PGHOST"], "port": os.environ["PGPORT"]})
start = time.perf_counter()
engine = sqlalchemy.create_engine(url)
sqlalchemy.MetaData().reflect(engine, views=True)
print(time.perf_counter() - start)
