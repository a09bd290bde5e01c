/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime_elf - what a program file itself needs: its loader and libraries beside it
 */
#ifndef LAUNCHER_RUNTIME_ELF_H
#define LAUNCHER_RUNTIME_ELF_H

struct err;
struct runtime;
struct runtime_query;

/*
 * Grant the loader of `program` when that is none of the system's, and the directories
 * of its RUNPATH that begin with $ORIGIN and end in a lib beside it.  Other entries are
 * words of whoever built the file; those that exist are named in a note.
 * Return: 0; -ENOEXEC: not a 64-bit program.
 */
int runtime_elf_grant(const struct runtime_query *q, struct runtime *r, const char *program,
		      struct err *err);

#endif /* LAUNCHER_RUNTIME_ELF_H */
