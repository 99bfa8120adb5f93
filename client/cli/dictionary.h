/*
 * dictionary.h
 *		A schema as a data dictionary in GitHub-flavoured Markdown.
 */
#ifndef AIODAL_CLI_DICTIONARY_H
#define AIODAL_CLI_DICTIONARY_H

#include <stdio.h>

#include "document.h"

extern void cli_put_dictionary(FILE *to, const cli_document *document);

#endif /* AIODAL_CLI_DICTIONARY_H */
