/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: config_tree json|toml|yaml < DOCUMENTS
 *
 * Each document is a line with its length, then its bytes.  Prints a line for each: the
 * tree as JSON, null for what no editor reads, or "!" when it is refused.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "configs/document.h"
#include "launcher/show.h"

static void print(const struct node *n)
{
	const char open = n->kind == NODE_OBJECT ? '{' : '[';

	if (n->kind == NODE_STRING) {
		show_json(stdout, n->text);
		return;
	}
	if (n->kind != NODE_OBJECT && n->kind != NODE_ARRAY) {
		fputs(n->kind == NODE_TRUE ? "true" : n->kind == NODE_FALSE ? "false" : "null", stdout);
		return;
	}
	putchar(open);
	for (const struct node *c = n->first; c; c = c->next) {
		if (n->kind == NODE_OBJECT) {
			show_json(stdout, c->key);
			putchar(':');
		}
		print(c);
		if (c->next)
			putchar(',');
	}
	putchar(open == '{' ? '}' : ']');
}

int main(int argc, char **argv)
{
	const enum document_format format = argc < 2		      ? 0 :
					    !strcmp(argv[1], "json") ? DOCUMENT_JSON :
					    !strcmp(argv[1], "toml") ? DOCUMENT_TOML :
								       DOCUMENT_YAML;
	size_t len;

	while (scanf("%zu", &len) == 1 && getchar() == '\n') {
		struct tree tree = {0};
		char *text = malloc(len + 1);

		if (!text || fread(text, 1, len, stdin) != len)
			return 1;
		if (document_parse(format, text, len, &tree, NULL) == 0) {
			print(tree.root);
			putchar('\n');
			tree_done(&tree);
		} else {
			puts("!");
		}
		free(text);
	}
	return 0;
}
