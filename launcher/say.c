/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>

#include "common/err.h"
#include "launcher/commands.h"

void say_error(const struct err *err)
{
	char text[ERR_TEXT];

	fprintf(stderr, "mcp-confine: %s\n", err_printable(text, sizeof(text), err->text));
}

void say_note(const char *words)
{
	char text[ERR_TEXT];

	fprintf(stderr, "mcp-confine: note: %s\n", err_printable(text, sizeof(text), words));
}
