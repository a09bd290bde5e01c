/* SPDX-License-Identifier: Apache-2.0 */
/*
 * commands - the subcommands, one file each
 *
 * Each gets its own argc and argv (argv[0] is its name), prints its own diagnostics
 * through say_error(), and returns the exit code.
 */
#ifndef LAUNCHER_COMMANDS_H
#define LAUNCHER_COMMANDS_H

struct err;

int run_main(int argc, char **argv);
int learn_main(int argc, char **argv);
int explain_main(int argc, char **argv);
int decide_main(int argc, char **argv);
int changes_main(int argc, char **argv);
int delegate_main(int argc, char **argv);
int approve_main(int argc, char **argv);
int pins_main(int argc, char **argv);
int log_main(int argc, char **argv);
int revoke_main(int argc, char **argv);
int restore_main(int argc, char **argv);
int status_main(int argc, char **argv);
int install_main(int argc, char **argv);
int list_main(int argc, char **argv);
int update_main(int argc, char **argv);
int rollback_main(int argc, char **argv);
int remove_main(int argc, char **argv);
int scan_main(int argc, char **argv);
int wrap_main(int argc, char **argv);
int unwrap_main(int argc, char **argv);
int audit_configs_main(int argc, char **argv);
int fleet_main(int argc, char **argv);
int report_main(int argc, char **argv);

/* "mcp-confine: words" on stderr, one line, terminal-safe. */
void say_error(const struct err *err);

/* "mcp-confine: note: words". */
void say_note(const char *words);

#endif /* LAUNCHER_COMMANDS_H */
