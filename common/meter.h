/* SPDX-License-Identifier: Apache-2.0 */
/*
 * meter - counters that sessions share and that outlive them
 *
 * One file of fixed size, mapped by every session of a user: a table of buckets, changed
 * by compare-and-swap alone, so nobody waits and nobody who dies holds anything.  A
 * bucket is one word.  For a rate it is the time at which the bucket is empty again
 * (generic cell rate algorithm, ITU-T I.371): it fills at its rate and holds one period's
 * worth.  For a day it is the day and what was used in it.
 *
 * The clock is CLOCK_BOOTTIME plus an offset that is fixed once a boot, when the file is
 * first opened, from the wall clock; it never begins below the highest time that the
 * file has seen.  So setting the clock back, or restarting with the clock set back, gives
 * nothing back.  Setting it forward before the first start after a boot does.
 *
 * The pep can only count; the format is checked when the launcher opens it.
 */
#ifndef COMMON_METER_H
#define COMMON_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;

#define METER_SLOTS 4096
#define METER_SECOND 1000000000ULL /* the unit of time is the nanosecond */
#define METER_DAY (86400 * METER_SECOND)
#define METER_NEVER UINT64_MAX

struct meter_slot {
	_Atomic uint64_t key; /* 0: free; the lowest bit tells a rate from a day */
	_Atomic uint64_t value;
};

struct meter {
	uint64_t magic;
	uint32_t version, slots;
	uint64_t seed[2];	 /* of the keys; random, made with the file */
	uint8_t boot[16];	 /* the boot that offset is for */
	_Atomic uint64_t offset; /* the time is CLOCK_BOOTTIME plus this */
	_Atomic uint64_t floor;	 /* the highest time seen */
	uint8_t zero[64];
	struct meter_slot slot[METER_SLOTS];
};

_Static_assert(sizeof(struct meter) == 128 + METER_SLOTS * 16, "the file has a fixed size");

/* At most `amount` in `period`; period METER_DAY: in a day of UTC. */
struct meter_limit {
	uint64_t amount, period;
};

/* What a charge met. */
struct meter_result {
	bool is_taken;
	uint64_t wait;		/* not taken: when it would be; METER_NEVER: do not wait */
	unsigned int before, after; /* percent of the limit in use */
};

/* A new, empty one. */
void meter_init(struct meter *m, const uint64_t seed[static 2]);

/* Is it one of this version?  Return: 0 or -EBADMSG. */
int meter_check(const struct meter *m, size_t size, struct err *err);

/* First thing after opening: wall and uptime in nanoseconds, and which boot this is. */
void meter_set_clock(struct meter *m, const uint8_t boot[static 16], uint64_t wall,
		     uint64_t uptime);

/* The time, from the uptime; raises the floor. */
uint64_t meter_now(struct meter *m, uint64_t uptime);

/* Take `cost` out of the bucket of that name, when it holds so much.  A table that is full
 * of buckets in use refuses. */
struct meter_result meter_take(struct meter *m, uint64_t now, const void *name, size_t len,
			       const struct meter_limit *limit, uint64_t cost);

/* Take it whether the bucket holds it or not: it is overdrawn then, and refuses until that
 * has flowed in again.  A table that is full of buckets in use counts nothing. */
struct meter_result meter_force(struct meter *m, uint64_t now, const void *name, size_t len,
				const struct meter_limit *limit, uint64_t cost);

/* Put back what was taken, because something else refused. */
void meter_give(struct meter *m, uint64_t now, const void *name, size_t len,
		const struct meter_limit *limit, uint64_t cost);

#endif /* COMMON_METER_H */
