/* SPDX-License-Identifier: Apache-2.0 */
#include "launcher/standing.h"

void standing_use(struct standing *s, enum standing_source which, bool ages, int64_t now)
{
	s->source[which].is_on = true;
	s->source[which].ages = ages;
	s->source[which].good_at = now;
}

void standing_hear(struct standing *s, enum standing_source which, enum standing_word word,
		   int64_t now)
{
	switch (word) {
	case STANDING_GOOD:
		s->source[which].is_unknown = false;
		s->source[which].good_at = now;
		return;
	case STANDING_UNKNOWN:
		/* What a watched list said last held until now. */
		if (!s->source[which].ages && !s->source[which].is_unknown)
			s->source[which].good_at = now;
		s->source[which].is_unknown = true;
		return;
	case STANDING_REVOKED:
	default:
		s->source[which].is_revoked = true;
	}
}

static bool grows_old(const struct standing *s, int i)
{
	return s->source[i].is_on && (s->source[i].ages || s->source[i].is_unknown);
}

enum standing_is standing_now(const struct standing *s, int64_t now)
{
	enum standing_is worst = STANDING_LIVE;

	for (int i = 0; i < STANDING_SOURCES; i++) {
		int64_t age = now - s->source[i].good_at;

		if (s->source[i].is_revoked || (grows_old(s, i) && age >= s->kill_after))
			return STANDING_ENDED;
		if (grows_old(s, i) && age >= s->deny_after)
			worst = STANDING_DENIED;
	}
	return worst;
}

int64_t standing_next(const struct standing *s, int64_t now)
{
	int64_t next = -1;

	for (int i = 0; i < STANDING_SOURCES; i++) {
		const int64_t at[] = { s->source[i].good_at + s->deny_after,
				       s->source[i].good_at + s->kill_after };

		for (int k = 0; k < 2; k++)
			if (grows_old(s, i) && at[k] > now && (next < 0 || at[k] < next))
				next = at[k];
	}
	return next;
}
