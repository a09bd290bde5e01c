/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "policies/bundle.h"
#include "policies/options.h"

/* A list, or NULL when memory is out or a string is not UTF-8. */
static json_t *list(const struct strv *s)
{
	json_t *array = json_array();

	for (size_t i = 0; i < s->n; i++)
		if (json_array_append_new(array, json_string(s->v[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

int options_add(struct bundle *b, const struct options *o, struct err *err)
{
	json_auto_t *sandbox = json_object(), *document = NULL;
	cleanup_free char *text = NULL;
	int bad = 0;

	if (!o->read.n && !o->write.n && !o->overlay.n && !o->connect.n && !o->minimum_tier &&
	    !o->has_room)
		return 0;
	if (o->read.n)
		bad |= json_object_set_new(sandbox, "read", list(&o->read));
	if (o->write.n)
		bad |= json_object_set_new(sandbox, "write", list(&o->write));
	if (o->overlay.n)
		bad |= json_object_set_new(sandbox, "overlay", list(&o->overlay));
	if (o->minimum_tier)
		bad |= json_object_set_new(sandbox, "minimum_tier", json_string(o->minimum_tier));
	if (o->connect.n) {
		json_t *network = json_object();

		bad |= json_object_set_new(network, "connect", list(&o->connect));
		if (o->addresses.n)
			bad |= json_object_set_new(network, "addresses", list(&o->addresses));
		bad |= json_object_set_new(sandbox, "network", network);
	}
	if (o->has_room)
		bad |= json_object_set_new(sandbox, "limits",
					   json_pack("{s:s, s:i, s:i, s:s, s:s}", "memory", "4G",
						     "processes", 512, "open_files", 8192, "file_size",
						     "4G", "tmp_size", "1G"));
	document = json_pack("{s:i,s:O}", "version", 1, "sandbox", sandbox);
	if (!bad && document)
		text = json_dumps(document, JSON_COMPACT);
	if (!text)
		return err_set(err, EINVAL,
			       "command line: a word that is not UTF-8, or no memory");
	return bundle_add(b, "command line", text, strlen(text), err);
}

int options_bound_tools(struct bundle *b, const char *globs, size_t len, struct err *err)
{
	json_auto_t *rules = json_array(), *document = NULL;
	cleanup_free char *text = NULL;
	int bad = 0;

	for (size_t at = 0; at <= len;) {
		const char *comma = at < len ? memchr(globs + at, ',', len - at) : NULL;
		size_t end = comma ? (size_t)(comma - globs) : len;

		bad |= json_array_append_new(rules, json_pack("{s:s%,s:s}", "match", globs + at, end - at,
							      "then", "allow"));
		at = end + 1;
	}
	document = json_pack("{s:i,s:{s:O}}", "version", 1, "messages", "tools", rules);
	if (!bad && document)
		text = json_dumps(document, JSON_COMPACT);
	return text ? bundle_add(b, "capability", text, strlen(text), err) :
		      err_errno(err, ENOMEM, "capability");
}
