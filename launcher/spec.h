/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spec - the name of a package as a user writes it: npm:NAME@VERSION, pypi:NAME==VERSION,
 * file:BUNDLE.mcpb, file:server.json
 */
#ifndef LAUNCHER_SPEC_H
#define LAUNCHER_SPEC_H

struct err;

enum spec_kind {
	SPEC_NONE = 0,
	SPEC_NPM,
	SPEC_PYPI,
	SPEC_MCPB, /* a bundle; `file` names it, until its manifest names the package */
	SPEC_MANIFEST, /* server.json, as the MCP registry has it */
};

#define SPEC_NAME 215 /* npm's bound (validate-npm-package-name) and a NUL */

struct spec {
	enum spec_kind kind;
	char name[SPEC_NAME];	 /* of PyPI: normalised (PEP 503) */
	char version[128];	 /* exact, a tag or a range without a space; "" the newest */
	char extras[128];	 /* "[cli]" or "" */
	char file[4096];
};

/* Return: 0 or -EINVAL with words. */
int spec_parse(const char *text, struct spec *ret, struct err *err);

/* "npm", "pypi", "mcpb". */
const char *spec_kind_name(enum spec_kind kind);

/* The name as a directory: '+' for a scope's slash. */
void spec_directory(const struct spec *s, char ret[static SPEC_NAME]);

#endif /* LAUNCHER_SPEC_H */
