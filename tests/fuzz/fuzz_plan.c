/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any list of entries, settled: in order, each path once, and nobody gets more than the
 * nearest of the entries says.  Three bytes and a path make an entry: its kind, whether
 * it is writable, executable; the path is steps of two bits until a byte with the top bit.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "launcher/plan.h"
#include "launcher/plan_settle.h"
#include "launcher/walk.h"

#define ENTRIES 24

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* flags & 7 == 3 is the tmpfs. */
static void add(struct plan *p, uint8_t flags, const char *path)
{
	static const enum plan_kind kinds[] = { PLAN_BIND, PLAN_BIND, PLAN_BIND, PLAN_TMPFS, PLAN_LINK,
						PLAN_FILE, PLAN_DIR, PLAN_COVER };
	struct plan_entry *e = plan_add(p, kinds[flags & 7], path, path, "fuzz");

	if (!e)
		abort();
	e->is_dir = true;
	e->is_writable = e->kind == PLAN_TMPFS || flags & 8;
	e->is_executable = !e->is_writable && flags & 16;
}

static void read_list(struct plan *p, const uint8_t *data, size_t size)
{
	/* Names that sort before, after and around the slash. */
	static const char *const steps[] = { "/a", "/a-", "/a.b", "/\xff" };

	for (size_t i = 0; i < size && p->n < ENTRIES;) {
		uint8_t flags = data[i++];
		char path[64] = "";
		size_t len = 0;

		do
			len += (size_t)snprintf(path + len, sizeof(path) - len, "%s",
						steps[i < size ? data[i] & 3 : 0]);
		while (i < size && !(data[i++] & 0x80) && len < sizeof(path) - 16);
		/* A grant of a home, /tmp or /dev/shm itself is refused before (grants.c). */
		if ((flags & 7) == 3)
			snprintf(path + len, sizeof(path) - len, "/private");
		add(p, flags, path);
	}
}

/* 0 nothing, 1 read, 2 write: by the entries as they were given. */
static int meant(const struct plan *given, const char *path)
{
	size_t longest = 0;
	int access = 0;

	for (size_t i = 0; i < given->n; i++) {
		const struct plan_entry *e = &given->v[i];
		size_t len = strlen(e->target);

		if ((e->kind != PLAN_BIND && e->kind != PLAN_TMPFS) || !walk_is_below(path, e->target) ||
		    len < longest)
			continue;
		if (len > longest || access < 1 + e->is_writable)
			access = 1 + e->is_writable;
		longest = len;
	}
	return access;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct plan given = {0}, p = {0};

	read_list(&given, data, size);
	read_list(&p, data, size);
	plan_settle(&p);
	for (size_t i = 0; i < given.n; i++) {
		const struct plan_entry *e = plan_nearest(&p, p.n, given.v[i].target);

		if (meant(&given, given.v[i].target) != (e ? 1 + e->is_writable : 0))
			abort();
	}
	for (size_t i = 0; i < p.n; i++) {
		if (p.v[i].is_writable && p.v[i].is_executable)
			abort();
		for (size_t j = i + 1; j < p.n; j++) {
			bool is_alike = (p.v[i].kind == PLAN_LINK) == (p.v[j].kind == PLAN_LINK);

			if (is_alike && walk_is_below(p.v[i].target, p.v[j].target))
				abort(); /* twice, or a parent behind what lies in it */
			if (p.v[i].kind == PLAN_LINK && p.v[j].kind != PLAN_LINK)
				abort();
		}
	}
	plan_done(&given);
	plan_done(&p);
	return 0;
}
