/* SPDX-License-Identifier: Apache-2.0 */
/*
 * install_options - the command line of install and update
 */
#ifndef LAUNCHER_INSTALL_OPTIONS_H
#define LAUNCHER_INSTALL_OPTIONS_H

#include <stdbool.h>

#include "launcher/fetch.h"

struct err;

struct install_options {
	struct fetch fetch;	/* user and staging are the caller's to set */
	const char *package;	/* the one word, or NULL */
	char *const *arguments; /* behind "--": the server's, for update; or NULL */
	bool has_yes, has_policy;
};

/* Return: 0 or -EINVAL with words. */
int install_options_parse(int argc, char **argv, struct install_options *ret, struct err *err);

void install_options_done(struct install_options *o);

#endif /* LAUNCHER_INSTALL_OPTIONS_H */
