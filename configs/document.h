/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document - a configuration file's text to a tree of spans
 */
#ifndef CONFIGS_DOCUMENT_H
#define CONFIGS_DOCUMENT_H

#include <stddef.h>

#include "configs/tree.h"

struct err;
struct scan;

enum document_format {
	DOCUMENT_JSON = 1, /* also with comments and trailing commas */
	DOCUMENT_TOML,
	DOCUMENT_YAML,
};

/*
 * Pure.  *ret keeps no pointer into text; tree_done() it.  Return: 0 or -errno, with
 * "LINE:COLUMN: words" that never quote the text.
 */
int document_parse(enum document_format format, const char *text, size_t len,
		   struct tree *ret, struct err *err);

/* One format each, for document_parse(). */
int document_json(struct scan *s);
int document_toml(struct scan *s);
int document_yaml(struct scan *s);

#endif /* CONFIGS_DOCUMENT_H */
