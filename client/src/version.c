/*
 * version.c
 *		The version a program runs with, which may be newer than the one it was compiled for.
 */
#include <aiodal/version.h>

const char *
aiodal_version(void)
{
	return AIODAL_VERSION;
}

int
aiodal_version_num(void)
{
	return AIODAL_VERSION_NUM;
}
