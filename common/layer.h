/* SPDX-License-Identifier: Apache-2.0 */
/*
 * layer - one layer of the sandbox can be left out, in a program that only tests build
 *
 * tests/live/layers shows that each layer stops something, by taking it away.  The
 * switch exists where LAYERS_CAN_BE_LEFT_OUT is defined, which the Makefile does for
 * $(O)/layers/mcp-confine alone: that program is not installed, and says what it is at
 * every start.  Everywhere else layer_is_out() is the constant false; scripts/check
 * looks for the variable's name in what is released.
 */
#ifndef COMMON_LAYER_H
#define COMMON_LAYER_H

#include <stdbool.h>

struct err;

#ifdef LAYERS_CAN_BE_LEFT_OUT

/* Is the layer in the list of names, separated by commas, of MCP_CONFINE_WITHOUT? */
bool layer_is_out(const char *name);

/* What lock_privileges() does, less "capabilities" or "no-new-privs". */
int layer_privileges(struct err *err);

/* Ends the process when a name in the list is no layer's; else warns on stderr. */
void layer_announce(void);

#else

static inline bool layer_is_out(const char *name)
{
	(void)name;
	return false;
}

static inline int layer_privileges(struct err *err)
{
	(void)err;
	return -1;
}

static inline void layer_announce(void)
{
}

#endif

#endif /* COMMON_LAYER_H */
