/*
 * install.h
 *		Which PostgreSQL is run.
 */
#ifndef AIODAL_TESTING_INSTALL_H
#define AIODAL_TESTING_INSTALL_H

#include <aiodal/api.h>

/* An installation. All strings are its own. */
typedef struct aiodal_test__install
{
	char *words; /* what pg_config said; the first four point into it */
	const char *bindir;
	const char *libdir;
	const char *sharedir;
	const char *version;
	char *postgres; /* the program to run: in bindir, or the mirror's copy of it */
} aiodal_test__install;

/*
 * Finds it. dir is for files of our own: a mirror is made there when that directory mirror (NULL: none) has
 * the extension and no server, as "make install DESTDIR=" leaves it; it becomes the server's when user says
 * so.
 */
extern aiodal_status aiodal_test__find_install(aiodal_test__install *install, const char *pg_config,
											   const char *mirror, const char *dir, aiodal_error **err);
extern void aiodal_test__free_install(aiodal_test__install *install);

/* mirror.c: makes one of the installation in dir, with what is in destdir over it. */
extern aiodal_status aiodal_test__make_mirror(const aiodal_test__install *install, const char *destdir,
											  const char *dir, aiodal_error **err);

#endif /* AIODAL_TESTING_INSTALL_H */
