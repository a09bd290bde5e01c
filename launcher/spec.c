/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "common/err.h"
#include "launcher/spec.h"

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

const char *spec_kind_name(enum spec_kind kind)
{
	switch (kind) {
	case SPEC_NPM:
		return "npm";
	case SPEC_PYPI:
		return "pypi";
	case SPEC_MCPB:
		return "mcpb";
	case SPEC_MANIFEST:
	case SPEC_NONE:
		break;
	}
	return "package";
}

void spec_directory(const struct spec *s, char ret[static SPEC_NAME])
{
	snprintf(ret, SPEC_NAME, "%s", s->name);
	for (char *p = ret; *p; p++)
		if (*p == '/')
			*p = '+';
}

/* One part of an npm name: not hidden, and nothing that a path or a shell reads. */
static bool is_part(const char *text, size_t len)
{
	return len && text[0] != '.' && text[0] != '-' && strspn(text, LETTERS "-._~") >= len;
}

static bool is_npm_name(const char *name)
{
	const char *slash = strchr(name, '/');

	if (*name != '@')
		return !slash && is_part(name, strlen(name));
	return slash && is_part(name + 1, (size_t)(slash - name - 1)) &&
	       is_part(slash + 1, strlen(slash + 1));
}

static bool is_version(const char *version)
{
	return *version && version[0] != '-' && strlen(version) < 128 &&
	       !version[strspn(version, LETTERS "-._~^+!*")];
}

static int parse_npm(const char *text, struct spec *s, struct err *err)
{
	const char *at = strchr(text + (*text == '@'), '@');
	size_t len = at ? (size_t)(at - text) : strlen(text);

	if (len >= sizeof(s->name) || (at && !is_version(at + 1)))
		return err_set(err, EINVAL, "npm:%s: not NAME or NAME@VERSION", text);
	memcpy(s->name, text, len);
	s->name[len] = '\0';
	snprintf(s->version, sizeof(s->version), "%s", at ? at + 1 : "");
	if (!is_npm_name(s->name))
		return err_set(err, EINVAL,
			       "npm:%s: not a package's name; addresses, directories and aliases are "
			       "not installed", text);
	return 0;
}

static int parse_pypi(const char *text, struct spec *s, struct err *err)
{
	size_t len = strspn(text, LETTERS "-._"), n = 0;
	const char *rest = text + len;

	if (!len || len >= sizeof(s->name) || !isalnum((unsigned char)text[0]))
		return err_set(err, EINVAL, "pypi:%s: not a package's name; addresses and directories "
					    "are not installed", text);
	for (size_t i = 0; i < len; i++) {
		bool is_dash = strchr("-_.", text[i]) != NULL;

		if (!is_dash || (n && s->name[n - 1] != '-'))
			s->name[n++] = is_dash ? '-' : (char)tolower((unsigned char)text[i]);
	}
	s->name[n] = '\0';
	if (*rest == '[') {
		size_t end = strspn(rest + 1, LETTERS "-._,") + 1;

		if (rest[end] != ']' || end + 2 > sizeof(s->extras))
			return err_set(err, EINVAL, "pypi:%s: not NAME[EXTRA]==VERSION", text);
		memcpy(s->extras, rest, end + 1);
		s->extras[end + 1] = '\0';
		rest += end + 1;
	}
	if (!*rest)
		return 0;
	if (strncmp(rest, "==", 2) != 0 || !is_version(rest + 2))
		return err_set(err, EINVAL, "pypi:%s: not NAME or NAME==VERSION", text);
	snprintf(s->version, sizeof(s->version), "%s", rest + 2);
	return 0;
}

int spec_parse(const char *text, struct spec *ret, struct err *err)
{
	struct spec s = {0};
	size_t len = strlen(text);
	int r;

	if (!strncmp(text, "npm:", 4)) {
		s.kind = SPEC_NPM;
		r = parse_npm(text + 4, &s, err);
	} else if (!strncmp(text, "pypi:", 5)) {
		s.kind = SPEC_PYPI;
		r = parse_pypi(text + 5, &s, err);
	} else if (!strncmp(text, "file:", 5) && len - 5 < sizeof(s.file) && len > 9 &&
		   (!strcmp(text + len - 5, ".mcpb") || !strcmp(text + len - 5, ".json") ||
		    !strcmp(text + len - 4, ".dxt"))) {
		s.kind = strcmp(text + len - 5, ".json") ? SPEC_MCPB : SPEC_MANIFEST;
		snprintf(s.file, sizeof(s.file), "%s", text + 5);
		r = 0;
	} else {
		r = err_set(err, EINVAL, "%s: not npm:NAME[@VERSION], pypi:NAME[==VERSION], "
					 "file:BUNDLE.mcpb or file:server.json", text);
	}
	if (r == 0)
		*ret = s;
	return r;
}
