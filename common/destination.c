/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "common/destination.h"
#include "common/err.h"

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* One label, already lower case. */
static bool is_label(const char *label, size_t len)
{
	if (!len || len > 63 || !is_alnum(label[0]) || !is_alnum(label[len - 1]))
		return false;
	for (size_t i = 0; i < len; i++)
		if (!is_alnum(label[i]) && label[i] != '-')
			return false;
	return true;
}

int destination_canonical(const char *text, size_t len, char *ret)
{
	size_t labels = 0, start = 0;

	if (len && text[len - 1] == '.')
		len--;
	if (!len || len > DESTINATION_NAME)
		return -EINVAL;
	for (size_t i = 0; i < len; i++)
		ret[i] = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] + 32) : text[i];
	ret[len] = '\0';
	for (size_t i = 0; i <= len; i++) {
		if (i < len && ret[i] != '.')
			continue;
		if (!is_label(ret + start, i - start))
			return -EINVAL;
		labels++;
		if (i < len)
			start = i + 1;
	}
	/* "0x7f.1", "2130706433", "1.2.3.4": inet_aton(3) takes them for addresses. */
	if (labels < 2 || (ret[start] >= '0' && ret[start] <= '9'))
		return -EINVAL;
	return 0;
}

int destination_parse(const char *text, struct destination *ret, struct err *err)
{
	struct destination d = {0};
	const char *colon = strrchr(text, ':'), *name = text;
	unsigned long port;
	char *end;

	if (!colon)
		return err_set(err, EINVAL, "%s: a destination is name:port", text);
	if (!strncmp(name, "*.", 2)) {
		d.is_wild = true;
		name += 2;
	}
	if (destination_canonical(name, (size_t)(colon - name), d.name) < 0)
		return err_set(err, EINVAL,
			       "%s: not a host name of two labels or more (addresses cannot be "
			       "granted; non-ASCII names in their xn-- form)", text);
	port = strtoul(colon + 1, &end, 10);
	if (colon[1] < '1' || colon[1] > '9' || *end || port > 65535 || port == 53)
		return err_set(err, EINVAL, "%s: the port is a number from 1 to 65535, and not 53",
			       text);
	d.port = (uint16_t)port;
	*ret = d;
	return 0;
}

bool destination_has_name(const struct destination *d, const char *name)
{
	size_t len = strlen(name), tail = strlen(d->name);

	if (!d->is_wild)
		return !strcmp(d->name, name);
	return len > tail + 1 && name[len - tail - 1] == '.' && !strcmp(name + len - tail, d->name);
}

bool destination_covers(const struct destination *wide, const struct destination *narrow)
{
	if (wide->port != narrow->port)
		return false;
	if (wide->is_wild == narrow->is_wild && !strcmp(wide->name, narrow->name))
		return true;
	return wide->is_wild && destination_has_name(wide, narrow->name);
}
