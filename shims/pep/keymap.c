/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/siphash.h"
#include "shims/pep/keymap.h"
#include "shims/pep/rpc.h"

#define BUCKETS ((size_t)2 * KEYMAP_SIZE)

static_assert((BUCKETS & (BUCKETS - 1)) == 0, "a power of two");
static_assert(KEYMAP_SIZE < UINT16_MAX, "slot + 1 fits");
static_assert(LIMIT_ID <= UINT16_MAX, "a length fits");

static size_t bucket_of(const uint64_t *secret, const char *text, size_t len, bool is_string)
{
	return (size_t)(siphash(secret, text, len) + is_string) & (BUCKETS - 1);
}

int keymap_find(const struct keymap *m, const uint64_t secret[static 2],
		const struct rpc_id *key)
{
	unsigned int at;

	/* Most maps are empty most of the time. */
	if (!m->n || !key->text || key->len > LIMIT_ID)
		return -ENOENT;
	at = m->bucket[bucket_of(secret, key->text, key->len, key->is_string)];
	for (; at; at = m->v[at - 1].next) {
		const struct keymap_entry *e = &m->v[at - 1];

		if (e->len == key->len && e->is_string == key->is_string &&
		    !memcmp(e->text, key->text, key->len))
			return (int)at - 1;
	}
	return -ENOENT;
}

int keymap_add(struct keymap *m, const uint64_t secret[static 2], const struct rpc_id *key)
{
	struct keymap_entry *e;
	uint16_t *head, slot;

	if (!key->text || key->len > LIMIT_ID)
		return -ENOSPC;
	if (keymap_find(m, secret, key) >= 0)
		return -EEXIST;
	if (m->free) {
		slot = (uint16_t)(m->free - 1);
		m->free = m->v[slot].next;
	} else if (m->touched < KEYMAP_SIZE) {
		slot = m->touched++;
	} else {
		return -ENOSPC;
	}
	e = &m->v[slot];
	head = &m->bucket[bucket_of(secret, key->text, key->len, key->is_string)];
	e->next = *head;
	e->len = (uint16_t)key->len;
	e->is_string = key->is_string;
	e->is_used = true;
	memcpy(e->text, key->text, key->len);
	*head = (uint16_t)(slot + 1);
	m->n++;
	return slot;
}

void keymap_remove(struct keymap *m, const uint64_t secret[static 2], int slot)
{
	struct keymap_entry *e = &m->v[slot];
	uint16_t *at = &m->bucket[bucket_of(secret, e->text, e->len, e->is_string)];

	assert(e->is_used);
	while (*at != slot + 1) {
		assert(*at);
		at = &m->v[*at - 1].next;
	}
	*at = e->next;
	e->is_used = false;
	e->next = m->free;
	m->free = (uint16_t)(slot + 1);
	m->n--;
}

int keymap_next(const struct keymap *m, int slot, struct rpc_id *ret_key)
{
	for (; slot < m->touched; slot++) {
		const struct keymap_entry *e = &m->v[slot];

		if (!e->is_used)
			continue;
		*ret_key = (struct rpc_id){ e->text, e->len, e->is_string };
		return slot;
	}
	return -ENOENT;
}
