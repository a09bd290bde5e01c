/* SPDX-License-Identifier: Apache-2.0 */
/*
 * standing - may this session go on?  What the sources of revocations say, and how old it is
 *
 * Theory of operation.  Two sources: the lists of this machine, which are watched and say
 * what changes; and a service provider that is asked (SCIM), whose word counts from when it
 * came and grows old.  Revoked is for ever.  A source that cannot say is borne for a while:
 * after deny_after no call passes, after kill_after the server is killed; so does one that
 * says nothing at all, because its process hangs or is gone.
 *
 * The clock is CLOCK_MONOTONIC, which stands still while the machine sleeps: the server
 * sleeps too, and what it does after waking is bounded by the same times.
 *
 * Pure.
 */
#ifndef LAUNCHER_STANDING_H
#define LAUNCHER_STANDING_H

#include <stdbool.h>
#include <stdint.h>

enum standing_source { STANDING_LISTS = 0, STANDING_PROVIDER, STANDING_SOURCES };

/* From best to worst. */
enum standing_is { STANDING_LIVE = 0, STANDING_DENIED, STANDING_ENDED };

struct standing {
	int64_t deny_after, kill_after; /* ms */
	struct {
		bool is_on;
		bool ages;	/* its good word counts from when it came */
		bool is_unknown;
		bool is_revoked;
		int64_t good_at;
	} source[STANDING_SOURCES];
};

enum standing_word { STANDING_GOOD, STANDING_UNKNOWN, STANDING_REVOKED };

/* A source that must be heard; its last good word is of now. */
void standing_use(struct standing *s, enum standing_source which, bool ages, int64_t now);

/* What it says. */
void standing_hear(struct standing *s, enum standing_source which, enum standing_word word,
		   int64_t now);

enum standing_is standing_now(const struct standing *s, int64_t now);

/* When standing_now() will change by itself; -1: not before somebody speaks. */
int64_t standing_next(const struct standing *s, int64_t now);

#endif /* LAUNCHER_STANDING_H */
