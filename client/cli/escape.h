/*
 * escape.h
 *		Text from the database inside HTML, Graphviz and Markdown. It cannot become markup, whatever it says.
 *		Control characters are shown as \xNN. NULL writes nothing.
 */
#ifndef AIODAL_CLI_ESCAPE_H
#define AIODAL_CLI_ESCAPE_H

#include <stdio.h>

/* Text and quoted attributes of HTML; line ends and tabs stay. */
extern void cli_put_html(FILE *to, const char *text);

/* A line of Graphviz's HTML-like labels: line ends and tabs are shown as \n and \t. */
extern void cli_put_label(FILE *to, const char *text);

/* Inside a quoted attribute of Graphviz. */
extern void cli_put_dot_string(FILE *to, const char *text);

/* Inside a line or a table's cell of GitHub-flavoured Markdown; line ends become <br>. */
extern void cli_put_markdown(FILE *to, const char *text);

/* Letters, digits, "-" and "_" stay, any other byte is .XX, so that distinct names stay distinct, as an id
 * and in a link alike. prefix says what it is the name of. */
extern void cli_put_anchor(FILE *to, const char *prefix, const char *schema, const char *name);

#endif /* AIODAL_CLI_ESCAPE_H */
