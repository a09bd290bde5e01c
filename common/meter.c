/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "common/err.h"
#include "common/meter.h"
#include "common/siphash.h"

#define MAGIC 0x315254454d50434dULL
#define VERSION_NOW 1
/* How far a key may stand from its place. */
#define PROBES 64

/* A day's value: 16 bits of day, 48 of amount. */
#define DAY_SHIFT 48
#define DAY_MAX ((1ULL << DAY_SHIFT) - 1)

typedef unsigned __int128 wide;

void meter_init(struct meter *m, const uint64_t seed[static 2])
{
	memset(m, 0, sizeof(*m));
	m->magic = MAGIC;
	m->version = VERSION_NOW;
	m->slots = METER_SLOTS;
	m->seed[0] = seed[0];
	m->seed[1] = seed[1];
}

int meter_check(const struct meter *m, size_t size, struct err *err)
{
	if (size != sizeof(*m) || m->magic != MAGIC || m->slots != METER_SLOTS)
		return err_set(err, EBADMSG, "not a file of counters");
	if (m->version != VERSION_NOW)
		return err_set(err, EBADMSG, "made by another version (%u)", m->version);
	return 0;
}

/* --- the clock -------------------------------------------------------------------------- */

void meter_set_clock(struct meter *m, const uint8_t boot[static 16], uint64_t wall,
		     uint64_t uptime)
{
	uint64_t floor = atomic_load(&m->floor), begin = wall > floor ? wall : floor;

	if (!memcmp(m->boot, boot, sizeof(m->boot)))
		return;
	memcpy(m->boot, boot, sizeof(m->boot));
	atomic_store(&m->offset, begin > uptime ? begin - uptime : 0);
}

uint64_t meter_now(struct meter *m, uint64_t uptime)
{
	uint64_t now = uptime + atomic_load(&m->offset), floor = atomic_load(&m->floor);

	/* Once a second is enough: it is for the next boot. */
	while (now > floor + METER_SECOND &&
	       !atomic_compare_exchange_weak(&m->floor, &floor, now))
		;
	return now;
}

/* --- one word --------------------------------------------------------------------------- */

static bool is_day(const struct meter_limit *l)
{
	return l->period == METER_DAY;
}

static uint64_t day_of(uint64_t now)
{
	return now / METER_DAY & 0xffff;
}

static bool is_idle(uint64_t key, uint64_t value, uint64_t now)
{
	return key & 1 ? value >> DAY_SHIFT != day_of(now) : value <= now;
}

static unsigned int percent(uint64_t part, uint64_t whole)
{
	return whole ? (unsigned int)((wide)part * 100 / whole) : 100;
}

/* How much time that amount takes to flow in; rounded up, so that nothing is free. */
static uint64_t time_of(const struct meter_limit *l, uint64_t cost)
{
	wide t = ((wide)cost * l->period + l->amount - 1) / l->amount;

	return t > METER_NEVER / 4 ? METER_NEVER / 4 : (uint64_t)t;
}

/* The value after the charge.  is_forced: also when it does not fit. */
static struct meter_result charge_rate(const struct meter_limit *l, uint64_t now, uint64_t cost,
				       bool is_forced, uint64_t value, uint64_t *ret)
{
	uint64_t begin = value > now ? value : now, step = time_of(l, cost);
	uint64_t used = begin - now;
	struct meter_result r = { .before = percent(used, l->period) };

	/* Not so far ahead that time itself overflows. */
	if (is_forced && (used > METER_NEVER / 4 || begin > METER_NEVER / 4))
		step = 0;
	if (step > l->period && !is_forced) {
		r.wait = METER_NEVER;
	} else if (!is_forced && used > l->period - step) {
		r.wait = used - (l->period - step);
	} else {
		*ret = begin + step;
		r.is_taken = true;
		r.after = percent(used + step, l->period);
	}
	return r;
}

static struct meter_result charge_day(const struct meter_limit *l, uint64_t now, uint64_t cost,
				      bool is_forced, uint64_t value, uint64_t *ret)
{
	uint64_t today = day_of(now), used = value >> DAY_SHIFT == today ? value & DAY_MAX : 0;
	uint64_t amount = l->amount < DAY_MAX ? l->amount : DAY_MAX;
	struct meter_result r = { .before = percent(used, amount), .wait = METER_NEVER };

	if (!is_forced && (used > amount || cost > amount - used))
		return r;
	if (cost > DAY_MAX - used)
		cost = DAY_MAX - used;
	*ret = today << DAY_SHIFT | (used + cost);
	r.is_taken = true;
	r.after = percent(used + cost, amount);
	return r;
}

/* --- the table -------------------------------------------------------------------------- */

static uint64_t key_of(const struct meter *m, const void *name, size_t len,
		       const struct meter_limit *l)
{
	uint64_t parts[3] = { siphash(m->seed, name, len), l->amount, l->period };
	uint64_t key = siphash(m->seed, parts, sizeof(parts)) & ~1ULL;

	return (key ? key : 2) | (is_day(l) ? 1 : 0);
}

/* The slot of that key, or a free one, or one whose bucket is as if new and of the same
 * kind, so that a charge that comes too late to it does no harm. */
static struct meter_slot *find(struct meter *m, uint64_t key, uint64_t now)
{
	for (size_t i = 0; i < PROBES; i++) {
		struct meter_slot *s = &m->slot[(key / 2 + i) % METER_SLOTS];
		uint64_t held = atomic_load(&s->key);

		if (!held && atomic_compare_exchange_strong(&s->key, &held, key))
			return s;
		if (held == key)
			return s;
	}
	for (size_t i = 0; i < PROBES; i++) {
		struct meter_slot *s = &m->slot[(key / 2 + i) % METER_SLOTS];
		uint64_t held = atomic_load(&s->key);

		if ((held & 1) == (key & 1) && is_idle(held, atomic_load(&s->value), now) &&
		    atomic_compare_exchange_strong(&s->key, &held, key))
			return s;
	}
	return NULL;
}

static struct meter_result charge(struct meter *m, uint64_t now, const void *name, size_t len,
				  const struct meter_limit *limit, uint64_t cost, bool is_forced)
{
	struct meter_slot *s = find(m, key_of(m, name, len, limit), now);
	struct meter_result r = { .wait = METER_NEVER };
	uint64_t value, next = 0;

	if (!s)
		return r;
	value = atomic_load(&s->value);
	do
		r = is_day(limit) ? charge_day(limit, now, cost, is_forced, value, &next) :
				    charge_rate(limit, now, cost, is_forced, value, &next);
	while (r.is_taken && !atomic_compare_exchange_weak(&s->value, &value, next));
	return r;
}

struct meter_result meter_take(struct meter *m, uint64_t now, const void *name, size_t len,
			       const struct meter_limit *limit, uint64_t cost)
{
	return charge(m, now, name, len, limit, cost, false);
}

struct meter_result meter_force(struct meter *m, uint64_t now, const void *name, size_t len,
				const struct meter_limit *limit, uint64_t cost)
{
	return charge(m, now, name, len, limit, cost, true);
}

void meter_give(struct meter *m, uint64_t now, const void *name, size_t len,
		const struct meter_limit *limit, uint64_t cost)
{
	struct meter_slot *s = find(m, key_of(m, name, len, limit), now);
	uint64_t step = is_day(limit) ? cost : time_of(limit, cost);
	uint64_t value = s ? atomic_load(&s->value) : 0, next;

	if (!s)
		return;
	do {
		uint64_t has = is_day(limit) ? value & DAY_MAX : value;

		/* A day that is over has nothing to give back to. */
		if (is_day(limit) && value >> DAY_SHIFT != day_of(now))
			return;
		next = value - (step < has ? step : has);
	} while (!atomic_compare_exchange_weak(&s->value, &value, next));
}
