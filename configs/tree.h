/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree - a configuration file as values, each with the bytes it stands in
 *
 * The same tree for JSON, JSONC, TOML and YAML, so that what a server's entry is need be
 * known once.  Nothing here is printed back: an editor replaces spans of the original text
 * and leaves every other byte alone.  Keys and strings are decoded, UTF-8, and hold no NUL
 * byte: a document with one is refused by its parser.
 */
#ifndef CONFIGS_TREE_H
#define CONFIGS_TREE_H

#include <stdbool.h>
#include <stddef.h>

struct err;

enum node_kind {
	NODE_OBJECT = 1, /* members have keys */
	NODE_ARRAY,
	NODE_STRING,
	NODE_TRUE,
	NODE_FALSE,
	NODE_OTHER, /* a number, null, a date: what no editor reads */
};

struct node {
	enum node_kind kind;
	size_t start, end;     /* of the value in the text; equal when it has no bytes */
	size_t key_start;      /* of the key, when it is a member */
	const char *key;       /* decoded; NULL for an element */
	const char *text;      /* NODE_STRING: decoded; NODE_OTHER: as it is written */
	size_t n;	       /* children */
	bool is_block;	       /* YAML: not in flow style; TOML: a table with a header */
	bool is_open;	       /* TOML: made by a longer header; its own may still follow */
	bool is_dotted;	       /* TOML: made by a dotted key */
	bool is_list_of_tables; /* TOML: [[name]] */
	struct node *first, *last, *next; /* children, in order */
};

struct tree {
	struct node *root;
	struct tree_chunk *chunks;
	size_t n_nodes;
};

/*
 * Append a member; one of that name that is there already, or one too many
 * (LIMIT_CONFIG_MEMBERS), is refused: false.
 */
bool tree_add_member(struct node *object, struct node *child);

/* For parsers: memory that lives as long as the tree.  NULL when there is none left, or
 * the document holds more values than LIMIT_CONFIG_VALUES. */
struct node *tree_node(struct tree *t, enum node_kind kind);
char *tree_text(struct tree *t, size_t size);

void tree_append(struct node *parent, struct node *child);

/*
 * The member of that name, or NULL.  Two members of one name: *ret_twice is set (when
 * given), since which one a client takes is not known.
 */
const struct node *tree_member(const struct node *object, const char *key, bool *ret_twice);

/* Do both stand for the same value?  Spans, order of members and style do not count. */
bool tree_same(const struct node *a, const struct node *b);

void tree_done(struct tree *t);

#endif /* CONFIGS_TREE_H */
