/* SPDX-License-Identifier: Apache-2.0 */
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "launcher/arguments.h"

static char *first;
static size_t size;

void arguments_keep(int argc, char **argv)
{
	first = argc > 0 ? argv[0] : NULL;
	size = 0;
	/* The kernel lays them down one behind the other (fs/exec.c). */
	for (int i = 0; i < argc && argv[i] == first + size; i++)
		size += strlen(argv[i]) + 1;
}

void arguments_forget(const char *name)
{
	if (!first || !size)
		return;
	memset(first, 0, size);
	snprintf(first, size, "init of mcp-confine %s", name);
}
