/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch - let npm, pip or python3 put a package into a staging directory, confined
 *
 * Each fills STAGING/package/tree and makes the lock of what was resolved.  The program
 * reaches the registry's hosts and nothing else, and sees nothing of the user's.
 */
#ifndef LAUNCHER_FETCH_H
#define LAUNCHER_FETCH_H

#include <jansson.h>
#include <stdbool.h>

#include "common/strv.h"
#include "launcher/spec.h"

struct err;
struct user;

struct fetch {
	const struct user *user;
	const char *staging;
	const char *registry;	/* --registry, or NULL */
	const char *python;	/* --python, or "python3" */
	struct strv hosts;	/* --host: "name:port" */
	struct strv addresses;	/* --address */
	bool has_login;		/* --token: the user's credential for the registry is used */
	bool has_scripts;	/* life-cycle scripts run; sources are built */
};

/* The one symlink of a tree of pip's that leads out of it: to the interpreter. */
#define FETCH_PYTHON "bin/python"

/*
 * Return: 0 and *ret_lock (a new object with kind, name, package_version, requested,
 * packages and where they came from), -EINTR, -ENOENT (no such package), -errno.
 */
int fetch_npm(const struct fetch *f, const struct spec *s, json_t **ret_lock, struct err *err);
int fetch_pypi(const struct fetch *f, const struct spec *s, json_t **ret_lock, struct err *err);

/* A bundle of MCP (a zip with a manifest.json): s->file; fills in its name and version. */
int fetch_mcpb(const struct fetch *f, struct spec *s, json_t **ret_lock, struct err *err);

/* Whichever it is, and into the store.  *ret_dir ("…/sha256-HEX") is the caller's to free;
 * nothing runs from there until store_select(). */
int fetch_package(const struct fetch *f, struct spec *s, char **ret_dir, struct err *err);

#endif /* LAUNCHER_FETCH_H */
