/* SPDX-License-Identifier: Apache-2.0 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/limits.h"
#include "configs/tree.h"

#define CHUNK (64 * KIB)

struct tree_chunk {
	struct tree_chunk *next;
	size_t used, size;
	_Alignas(max_align_t) char bytes[];
};

static void *take(struct tree *t, size_t size)
{
	struct tree_chunk *c = t->chunks;
	void *p;

	if (size > LIMIT_CONFIG)
		return NULL;
	size = (size + sizeof(max_align_t) - 1) & ~(sizeof(max_align_t) - 1);
	if (!c || size > c->size - c->used) {
		size_t room = size > CHUNK ? size : CHUNK;

		c = malloc(sizeof(*c) + room);
		if (!c)
			return NULL;
		c->next = t->chunks;
		c->used = 0;
		c->size = room;
		t->chunks = c;
	}
	p = c->bytes + c->used;
	c->used += size;
	return p;
}

struct node *tree_node(struct tree *t, enum node_kind kind)
{
	struct node *n = t->n_nodes < LIMIT_CONFIG_VALUES ? take(t, sizeof(*n)) : NULL;

	if (!n)
		return NULL;
	t->n_nodes++;
	*n = (struct node){ .kind = kind };
	return n;
}

char *tree_text(struct tree *t, size_t size)
{
	return take(t, size);
}

void tree_append(struct node *parent, struct node *child)
{
	if (parent->last)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
	parent->n++;
}

bool tree_add_member(struct node *object, struct node *child)
{
	if (object->n >= LIMIT_CONFIG_MEMBERS || tree_member(object, child->key, NULL))
		return false;
	tree_append(object, child);
	return true;
}

const struct node *tree_member(const struct node *object, const char *key, bool *ret_twice)
{
	const struct node *found = NULL;

	if (!object || object->kind != NODE_OBJECT)
		return NULL;
	for (const struct node *n = object->first; n; n = n->next) {
		if (strcmp(n->key, key) != 0)
			continue;
		if (found && ret_twice)
			*ret_twice = true;
		found = n;
	}
	return found;
}

static bool same_children(const struct node *a, const struct node *b)
{
	const struct node *x = a->first, *y = b->first;

	while (x && y && tree_same(x, y) && (!x->key || !strcmp(x->key, y->key))) {
		x = x->next;
		y = y->next;
	}
	if (!x && !y)
		return true;
	if (a->kind != NODE_OBJECT)
		return false;
	/* Another order; objects of this size are a server's members. */
	for (x = a->first; x; x = x->next) {
		y = tree_member(b, x->key, NULL);
		if (!y || !tree_same(x, y))
			return false;
	}
	for (y = b->first; y; y = y->next)
		if (!tree_member(a, y->key, NULL))
			return false;
	return true;
}

bool tree_same(const struct node *a, const struct node *b)
{
	if (a->kind != b->kind)
		return false;
	if (a->kind == NODE_STRING || a->kind == NODE_OTHER)
		return !strcmp(a->text, b->text);
	return same_children(a, b);
}

void tree_done(struct tree *t)
{
	while (t->chunks) {
		struct tree_chunk *next = t->chunks->next;

		free(t->chunks);
		t->chunks = next;
	}
	*t = (struct tree){0};
}
