/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "launcher/people.h"

#define PEOPLE 64 /* of one version */
#define NAME 200  /* bytes of one of them that count */

/* "name <address>", from a string or an object with these members. */
static void add(json_t *list, const char *role, const json_t *who)
{
	const char *name = json_string_value(json_is_object(who) ? json_object_get(who, "name") : who);
	const char *address = json_string_value(json_object_get(who, "email"));
	char line[3 * NAME];

	if (!name || !*name || json_array_size(list) >= PEOPLE)
		return;
	if (address && *address)
		snprintf(line, sizeof(line), "%s: %.*s <%.*s>", role, NAME, name, NAME, address);
	else
		snprintf(line, sizeof(line), "%s: %.*s", role, NAME, name);
	/* What was cut in the middle of a character is no string of JSON's: left out. */
	json_array_append_new(list, json_string(line));
}

static json_t *or_nothing(json_t *list)
{
	if (json_array_size(list))
		return list;
	json_decref(list);
	return NULL;
}

json_t *people_npm(const char *view)
{
	json_t *about = json_loads(view, 0, NULL), *list = json_array(), *one;
	json_t *maintainers = json_object_get(about, "maintainers");
	size_t i;

	/* One maintainer comes without a list around. */
	if (!json_is_array(maintainers))
		add(list, "maintainer", maintainers);
	json_array_foreach(maintainers, i, one)
		add(list, "maintainer", one);
	add(list, "published by", json_object_get(about, "_npmUser"));
	json_decref(about);
	return or_nothing(list);
}

json_t *people_pypi(const json_t *metadata)
{
	static const char *const members[][2] = {
		{ "author", "author" }, { "author_email", "author" },
		{ "maintainer", "maintainer" }, { "maintainer_email", "maintainer" },
	};
	json_t *list = json_array();

	for (size_t i = 0; i < sizeof(members) / sizeof(*members); i++)
		add(list, members[i][1], json_object_get(metadata, members[i][0]));
	return or_nothing(list);
}

json_t *people_mcpb(const json_t *manifest)
{
	json_t *list = json_array();

	add(list, "author", json_object_get(manifest, "author"));
	return or_nothing(list);
}

int people_keep(json_t *lock, json_t *people)
{
	return people && json_object_set_new(lock, "people", people) < 0 ? -ENOMEM : 0;
}
