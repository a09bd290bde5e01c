/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dbus - write one method call of D-Bus, and read what comes back
 *
 * Messages as the D-Bus specification has them ("Message Protocol", version 1), in memory
 * of the caller's: no I/O, no heap.  Just what scope.c says to a service manager: strings,
 * numbers, arrays of pairs; nothing of names, matches or introspection.  Not for libsystemd
 * or libdbus, since every start would load them for what one start in many needs.
 */
#ifndef LAUNCHER_DBUS_H
#define LAUNCHER_DBUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* --- writing -------------------------------------------------------------------------- */

/* What does not fit is lost, and the message false: see dbus_end(). */
struct dbus {
	uint8_t *data; /* borrowed */
	size_t size, len;
	size_t body; /* where it begins */
	bool is_full;
};

/* Begin a call with serial 1; signature is the body's. */
void dbus_begin(struct dbus *m, void *data, size_t size, const char *path, const char *interface,
		const char *member, const char *signature);

void dbus_string(struct dbus *m, const char *text);
void dbus_u32(struct dbus *m, uint32_t value);

/* An array of structs, or of numbers: what is written between is in it. */
size_t dbus_array(struct dbus *m, size_t alignment);
void dbus_array_end(struct dbus *m, size_t array, size_t alignment);

/* Elements of a(sv). */
void dbus_pair_string(struct dbus *m, const char *key, const char *value);
void dbus_pair_u64(struct dbus *m, const char *key, uint64_t value);
void dbus_pair_u32s(struct dbus *m, const char *key, const uint32_t *v, size_t n);

/* Return: the length of the whole message, or 0: it did not fit. */
size_t dbus_end(struct dbus *m);

/* --- reading -------------------------------------------------------------------------- */

#define DBUS_HEADER 16
#define DBUS_MAX 65536 /* of a message that is read; longer ones end the talk */

enum dbus_type { DBUS_NONE = 0, DBUS_CALL, DBUS_RETURN, DBUS_ERROR, DBUS_SIGNAL };

struct dbus_reply {
	enum dbus_type type;
	uint32_t answers;	    /* the serial of the call that it answers, or 0 */
	char member[64], error[96]; /* "" where there is none, or one that is longer */
	const uint8_t *body;	    /* in the message */
	size_t len, at;		    /* at: of the next value */
};

/* The whole length of a message of which DBUS_HEADER bytes are there; 0: none that we read. */
size_t dbus_length(const uint8_t header[static DBUS_HEADER]);

/* One whole message.  Return: false when it is not one. */
bool dbus_parse(const uint8_t *data, size_t len, struct dbus_reply *ret);

/* The next value of the body, which must be of that type.  Return: false: there is none. */
bool dbus_take_u32(struct dbus_reply *r, uint32_t *ret);
bool dbus_take_string(struct dbus_reply *r, char *ret, size_t size);

#endif /* LAUNCHER_DBUS_H */
