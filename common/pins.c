/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <string.h>

#include "common/err.h"
#include "common/pins.h"
#include "common/sha256.h"

_Static_assert(PINS_DIGEST == SHA256_SIZE, "a pin is a SHA-256");

#define MAGIC 0x314e5043U /* "CPN1" */
#define VERSION_NOW 1

void pins_digest(const void *data, size_t len, uint8_t ret[static PINS_DIGEST])
{
	sha256(data, len, ret);
}

static void record_hash(const struct pins_record *r, const char *text,
			uint8_t ret[static PINS_DIGEST])
{
	struct sha256 sha;

	sha256_start(&sha);
	sha256_add(&sha, r, offsetof(struct pins_record, hash));
	sha256_add(&sha, text, r->text_len);
	sha256_done(&sha, ret);
}

struct pin *pins_find(struct pins *p, enum pins_subject subject, const char *name, size_t len)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->v[i].subject == (uint16_t)subject && p->v[i].len == len &&
		    !memcmp(p->v[i].name, name, len))
			return &p->v[i];
	return NULL;
}

struct pin *pins_need(struct pins *p, enum pins_subject subject, const char *name, size_t len)
{
	struct pin *pin = pins_find(p, subject, name, len);

	if (pin || p->n == LIMIT_PINS || len > PINS_NAME)
		return pin;
	pin = &p->v[p->n++];
	*pin = (struct pin){ .len = (uint16_t)len, .subject = (uint16_t)subject };
	memcpy(pin->name, name, len);
	return pin;
}

static uint64_t beginning(const uint8_t hash[static PINS_DIGEST])
{
	uint64_t n;

	memcpy(&n, hash, sizeof(n));
	return n;
}

static bool is_known(const struct pins *p, const uint8_t hash[static PINS_DIGEST])
{
	static const uint8_t none[PINS_DIGEST];
	uint64_t wanted = beginning(hash);

	if (!memcmp(hash, none, PINS_DIGEST))
		return true;
	for (size_t i = p->records; i-- > 0;)
		if (p->known[i] == wanted)
			return true;
	return false;
}

static void await(struct pin *pin, const struct pins_record *r)
{
	pin->is_pending = true;
	pin->pending_hints = r->hints;
	memcpy(pin->pending, r->digest, PINS_DIGEST);
}

static int apply(struct pins *p, const struct pins_record *r)
{
	struct pin *pin = pins_need(p, (enum pins_subject)r->subject, r->name, r->name_len);
	bool is_first = r->kind == PINS_PINNED;

	if (!pin)
		return -ENOSPC;
	/* Of two sessions that pinned at the same time, the one that wrote first. */
	if (is_first && pin->is_pinned && memcmp(pin->digest, r->digest, PINS_DIGEST) != 0) {
		await(pin, r);
	} else if (is_first || r->kind == PINS_ACCEPTED) {
		pin->is_pinned = true;
		pin->is_pending = false;
		memcpy(pin->digest, r->digest, PINS_DIGEST);
		if (!pin->is_listed)
			pin->hints = r->hints;
	} else {
		await(pin, r);
	}
	return 0;
}

static int check(const struct pins *p, const struct pins_record *r, const char *text,
		 struct err *err)
{
	uint8_t hash[PINS_DIGEST];

	if (r->kind < PINS_PINNED || r->kind > PINS_ACCEPTED || r->subject > PINS_SERVER ||
	    r->name_len > PINS_NAME || r->zero)
		return err_set(err, EBADMSG, "record %zu is damaged", p->records + 1);
	record_hash(r, text, hash);
	if (memcmp(hash, r->hash, PINS_DIGEST) != 0)
		return err_set(err, EBADMSG, "record %zu was changed", p->records + 1);
	if (!is_known(p, r->previous))
		return err_set(err, EBADMSG, "records before number %zu were taken out",
			       p->records + 1);
	return 0;
}

int pins_feed(struct pins *p, const char *bytes, size_t len, size_t *ret_used, struct err *err)
{
	struct pins_record r;
	size_t used = 0;
	int e;

	while (len - used >= sizeof(r)) {
		memcpy(&r, bytes + used, sizeof(r));
		if (r.magic != MAGIC || r.version != VERSION_NOW || r.text_len > LIMIT_PIN_TEXT)
			return err_set(err, EBADMSG, "record %zu is not one of this version",
				       p->records + 1);
		if (len - used - sizeof(r) < r.text_len)
			break;
		if (p->records == LIMIT_PIN_RECORDS)
			return err_set(err, EBADMSG, "more than %zu records", LIMIT_PIN_RECORDS);
		e = check(p, &r, bytes + used + sizeof(r), err);
		if (e == 0 && apply(p, &r) < 0)
			e = err_set(err, EBADMSG, "more than %zu tools", LIMIT_PINS);
		if (e < 0)
			return e;
		p->known[p->records++] = beginning(r.hash);
		memcpy(p->last, r.hash, PINS_DIGEST);
		used += sizeof(r) + r.text_len;
	}
	*ret_used = used;
	return 0;
}

long pins_make(const struct pins *p, enum pins_kind kind, const struct pin *pin,
	       const uint8_t digest[static PINS_DIGEST], uint64_t time, const char *text,
	       size_t text_len, char *out)
{
	struct pins_record r = {
		.magic = MAGIC,
		.version = VERSION_NOW,
		.kind = (uint16_t)kind,
		.text_len = (uint32_t)text_len,
		.name_len = pin->len,
		.subject = pin->subject,
		.time = time,
		.hints = pin->hints,
	};

	if (p->records >= LIMIT_PIN_RECORDS || text_len > LIMIT_PIN_TEXT)
		return -ENOSPC;
	memcpy(r.digest, digest, PINS_DIGEST);
	memcpy(r.name, pin->name, pin->len);
	memcpy(r.previous, p->last, PINS_DIGEST);
	record_hash(&r, text, r.hash);
	memcpy(out, &r, sizeof(r));
	if (text_len)
		memcpy(out + sizeof(r), text, text_len);
	return (long)(sizeof(r) + text_len);
}
