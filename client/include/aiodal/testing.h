/*
 * aiodal/testing.h
 *		Tests against PostgreSQL: libaiodal_test, pkg-config aiodal_test.
 *
 *		testing_server  private servers, there in a moment and gone with the program; files of SQL
 *		testing_group   databases that are made once, and as they were at the beginning of every test
 *		testing_cmocka  the same as fixtures for cmocka; not in here, since it needs cmocka
 *
 * The rules of aiodal/api.h about ownership, errors and options hold here too.
 */
#ifndef AIODAL_TESTING_H
#define AIODAL_TESTING_H

#include <aiodal/testing_group.h>
#include <aiodal/testing_server.h>

#endif /* AIODAL_TESTING_H */
