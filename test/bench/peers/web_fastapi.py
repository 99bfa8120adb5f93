"""The list of books as a service in Python: FastAPI, SQLAlchemy's ORM, PyJWT, uvicorn.

    python3 web_fastapi.py PROCESSES

Written as their documentation has it. BOOKS_ISSUER and BOOKS_AUDIENCE as for
the example; BOOKS_POOL connections for each process. Prints its address.
"""
import ctypes
import os
import signal
import socket
import sys
from decimal import Decimal
from typing import List, Optional

import jwt
import uvicorn
from fastapi import Depends, FastAPI, HTTPException, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel
from sqlalchemy import Boolean, Column, DateTime, ForeignKey, Integer, Numeric, SmallInteger, Text, create_engine, or_
from sqlalchemy.orm import Session, contains_eager, declarative_base, relationship, sessionmaker

ISSUER = os.environ['BOOKS_ISSUER']
AUDIENCE = os.environ['BOOKS_AUDIENCE']

engine = create_engine('postgresql+psycopg2://', pool_size=int(os.environ.get('BOOKS_POOL', 5)), max_overflow=0)
make_session = sessionmaker(bind=engine)
Base = declarative_base()


class Author(Base):
    __tablename__ = 'author'
    id = Column(Integer, primary_key=True)
    name = Column(Text, nullable=False)


class Book(Base):
    __tablename__ = 'book'
    isbn = Column(Text, primary_key=True)
    title = Column(Text, nullable=False)
    author_id = Column(ForeignKey('author.id'), nullable=False)
    year = Column(SmallInteger)
    price = Column(Numeric(8, 2))
    published = Column(Boolean, nullable=False)
    owner = Column(Text, nullable=False)
    removed = Column(DateTime(timezone=True))
    writer = relationship(Author)

    @property
    def author(self):
        return self.writer.name


class BookOut(BaseModel):
    isbn: str
    title: str
    author_id: int
    author: str
    year: Optional[int]
    price: Optional[Decimal]
    published: bool
    owner: str

    class Config:
        orm_mode = True


class Page(BaseModel):
    total_count: int
    next_url: Optional[str]
    results: List[BookOut]


app = FastAPI()
keys = jwt.PyJWKClient(ISSUER + '.well-known/jwks.json')


def user_name(credentials: HTTPAuthorizationCredentials = Depends(HTTPBearer())) -> str:
    try:
        key = keys.get_signing_key_from_jwt(credentials.credentials)
        claims = jwt.decode(credentials.credentials, key.key, algorithms=['RS256'], audience=AUDIENCE, issuer=ISSUER)
    except jwt.PyJWTError as error:
        raise HTTPException(status_code=401, detail=str(error), headers={'WWW-Authenticate': 'Bearer'})
    if 'read:books' not in claims.get('permissions', []):
        raise HTTPException(status_code=403)
    return claims['sub']


def session():
    with make_session() as opened:
        yield opened


@app.get('/v1/books', response_model=Page)
def list_books(request: Request, limit: int = Query(100, ge=0, le=1000), offset: int = Query(0, ge=0),
               user: str = Depends(user_name), db: Session = Depends(session)):
    books = db.query(Book).join(Book.writer).filter(Book.removed.is_(None), or_(Book.published, Book.owner == user))
    total = books.count()
    rows = books.options(contains_eager(Book.writer)).order_by(Book.title, Book.isbn).limit(limit).offset(offset).all()
    more = limit > 0 and offset + limit < total
    return {'total_count': total, 'results': rows,
            'next_url': '%s?limit=%d&offset=%d' % (request.url.path, limit, offset + limit) if more else None}


def main():
    sock = socket.socket()
    sock.bind(('127.0.0.1', 0))
    sock.listen(1000)
    print('http://127.0.0.1:%d' % sock.getsockname()[1], flush=True)
    for _ in range(int(sys.argv[1]) - 1):
        if os.fork() == 0:
            # PR_SET_PDEATHSIG: the others end with the first
            ctypes.CDLL(None).prctl(1, signal.SIGTERM)
            break
    uvicorn.Server(uvicorn.Config(app, log_level='warning', access_log=False)).run(sockets=[sock])


if __name__ == '__main__':
    main()
