/*
 * commands.h
 *		What "aiodal COMMAND" can be.
 */
#ifndef AIODAL_CLI_COMMANDS_H
#define AIODAL_CLI_COMMANDS_H

#include "options.h"

extern const cli_command cli_ping_command;
extern const cli_command cli_reflect_command;
extern const cli_command cli_load_command;
extern const cli_command cli_export_command;
extern const cli_command cli_diff_command;
extern const cli_command cli_codegen_command;
extern const cli_command cli_testdb_command;

#endif /* AIODAL_CLI_COMMANDS_H */
