/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keymap - ids that a peer chose, each with a slot of a fixed table
 *
 * Keys are compared by type and text: 1 and "1" are two.  The hash is keyed (SipHash),
 * so that no peer can choose ids that meet in one bucket.  Nothing is evicted: a full
 * map refuses.  All zero is an empty map; memory is touched as it is used.
 */
#ifndef SHIMS_PEP_KEYMAP_H
#define SHIMS_PEP_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/limits.h"

#define KEYMAP_SIZE LIMIT_IN_FLIGHT

struct rpc_id;

struct keymap_entry {
	uint16_t next; /* slot + 1 in the bucket, or in the list of free ones */
	uint16_t len;
	bool is_string, is_used;
	char text[LIMIT_ID];
};

struct keymap {
	uint16_t bucket[2 * KEYMAP_SIZE]; /* slot + 1; 0: empty */
	uint16_t free, touched, n;
	struct keymap_entry v[KEYMAP_SIZE];
};

/* Return: a slot below KEYMAP_SIZE, -EEXIST, -ENOSPC (full, or longer than LIMIT_ID). */
int keymap_add(struct keymap *m, const uint64_t secret[static 2], const struct rpc_id *key);

/* Return: its slot, or -ENOENT. */
int keymap_find(const struct keymap *m, const uint64_t secret[static 2],
		const struct rpc_id *key);

/* slot is one that is used. */
void keymap_remove(struct keymap *m, const uint64_t secret[static 2], int slot);

/* The first used slot at or behind `slot`, or -ENOENT; *ret_key lives while it is used. */
int keymap_next(const struct keymap *m, int slot, struct rpc_id *ret_key);

#endif /* SHIMS_PEP_KEYMAP_H */
