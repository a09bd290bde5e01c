/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/changes.h"
#include "launcher/path.h"
#include "launcher/store.h"

#define SHOWN 40 /* lines of one kind; the rest is counted */
#define TEXT ((size_t)64 << 10) /* of one value; what is cut is counted */

static void print_line(FILE *out, char sign, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static void print_line(FILE *out, char sign, const char *fmt, ...)
{
	cleanup_free char *text = NULL, *clean = NULL;
	size_t len;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	len = text ? strlen(text) : 0;
	clean = malloc(len < TEXT ? len + 1 : TEXT);
	if (!text || !clean) {
		fprintf(out, "    ! no memory to show a line\n");
		return;
	}
	fprintf(out, "    %c %s\n", sign, err_printable(clean, len < TEXT ? len + 1 : TEXT, text));
	if (len >= TEXT)
		fprintf(out, "    ! and %zu bytes more, which are not shown\n", len - TEXT + 1);
}

static void print_rest(FILE *out, size_t n)
{
	if (n > SHOWN)
		fprintf(out, "      and %zu more\n", n - SHOWN);
}

static const char *member(json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "?";
}

/* --- dependencies ------------------------------------------------------------------------ */

/* "name" -> "1.0" or "1.0, 2.0": npm installs several versions of one. */
static json_t *versions(json_t *lock)
{
	json_t *all = json_object(), *one;
	size_t i;

	json_array_foreach(json_object_get(lock, "packages"), i, one) {
		const char *name = member(one, "name"), *version = member(one, "version");
		const char *have = json_string_value(json_object_get(all, name));
		cleanup_free char *both = have ? path_make("%s, %s", have, version) : NULL;

		json_object_set_new(all, name, json_string(both ? both : version));
	}
	return all;
}

static void print_packages(FILE *out, json_t *old_lock, json_t *new_lock)
{
	json_auto_t *old = versions(old_lock);
	json_auto_t *new = versions(new_lock);
	const char *name;
	size_t n = 0;
	json_t *v;

	fputs("  dependencies:\n", out);
	json_object_foreach(new, name, v) {
		const char *before = json_string_value(json_object_get(old, name));

		if (before && !strcmp(before, json_string_value(v)))
			continue;
		if (n++ < SHOWN && before)
			print_line(out, '~', "%s %s -> %s", name, before, json_string_value(v));
		else if (n <= SHOWN)
			print_line(out, '+', "%s %s", name, json_string_value(v));
	}
	json_object_foreach(old, name, v)
		if (!json_object_get(new, name) && n++ < SHOWN)
			print_line(out, '-', "%s %s", name, json_string_value(v));
	print_rest(out, n);
	if (!n)
		fputs("      no change\n", out);
}

/* --- people --------------------------------------------------------------------------------- */

static bool holds(json_t *list, const char *text)
{
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
		if (json_is_string(one) && !strcmp(json_string_value(one), text))
			return true;
	return false;
}

static size_t print_missing(FILE *out, char sign, json_t *of, json_t *in)
{
	size_t i, n = 0;
	json_t *one;

	json_array_foreach(of, i, one)
		if (json_is_string(one) && !holds(in, json_string_value(one)) && n++ < SHOWN)
			print_line(out, sign, "%s", json_string_value(one));
	return n;
}

/* Maintainers, who published it, authors: whatever was known of either version. */
static void print_people(FILE *out, json_t *old_lock, json_t *new_lock)
{
	json_t *old = json_object_get(old_lock, "people"), *new = json_object_get(new_lock, "people");

	fputs("  people:\n", out);
	if (!new) {
		fputs("      the new version names none\n", out);
	} else if (!old) {
		fputs("      not known of the installed version; of the new one:\n", out);
		print_missing(out, ' ', new, NULL);
		return;
	}
	if (!(print_missing(out, '+', new, old) + print_missing(out, '-', old, new)) && new)
		fputs("      no change\n", out);
}

/* --- files --------------------------------------------------------------------------------- */

static bool is_same(const struct fstree_entry *a, const struct fstree_entry *b)
{
	return a->mode == b->mode && a->size == b->size &&
	       !memcmp(a->content, b->content, FSTREE_DIGEST) &&
	       !strcmp(a->target ? a->target : "", b->target ? b->target : "");
}

static void print_files(FILE *out, const struct fstree *old, const struct fstree *new)
{
	size_t i = 0, j = 0, n = 0;

	fputs("  files:\n", out);
	while (i < old->n || j < new->n) {
		int c = i == old->n ? 1 : j == new->n ? -1 : strcmp(old->v[i].path, new->v[j].path);
		char sign = c < 0 ? '-' : c > 0 ? '+' : '~';
		const struct fstree_entry *e = c < 0 ? &old->v[i] : &new->v[j];

		if ((c || !is_same(&old->v[i], &new->v[j])) && !S_ISDIR(e->mode) && n++ < SHOWN)
			print_line(out, sign, "%s", e->path);
		i += c <= 0;
		j += c >= 0;
	}
	print_rest(out, n);
	if (!n)
		fputs("      no change\n", out);
}

int changes_print(FILE *out, const char *old_dir, const char *new_dir, struct err *err)
{
	cleanup_free char *old_path = path_make("%s/tree", old_dir);
	cleanup_free char *new_path = path_make("%s/tree", new_dir);
	json_auto_t *old_lock = store_read_lock(old_dir);
	json_auto_t *new_lock = store_read_lock(new_dir);
	struct fstree old = {0}, new = {0};
	char a[128], b[128];
	int r = old_path && new_path ? fstree_read(old_path, &old, err) :
				       err_errno(err, ENOMEM, "changes");

	if (r == 0)
		r = fstree_read(new_path, &new, err);
	if (r == 0) {
		fprintf(out, "%s:%s %s -> %s\n", member(new_lock, "kind"), member(new_lock, "name"),
			err_printable(a, sizeof(a), member(old_lock, "package_version")),
			err_printable(b, sizeof(b), member(new_lock, "package_version")));
		print_people(out, old_lock, new_lock);
		print_packages(out, old_lock, new_lock);
		print_files(out, &old, &new);
	}
	fstree_done(&old);
	fstree_done(&new);
	return r;
}

/* --- tools ----------------------------------------------------------------------------------- */

static void print_changed(FILE *out, const char *name, json_t *old, json_t *new)
{
	const char *member_name;
	json_t *v;

	print_line(out, '~', "%s", name);
	json_object_foreach(new, member_name, v) {
		json_t *before = json_object_get(old, member_name);
		cleanup_free char *a = NULL, *b = NULL;

		if (before && json_equal(before, v))
			continue;
		a = before ? json_dumps(before, JSON_ENCODE_ANY | JSON_SORT_KEYS | JSON_ENSURE_ASCII) : NULL;
		b = json_dumps(v, JSON_ENCODE_ANY | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
		if (a)
			print_line(out, ' ', "  - %s: %s", member_name, a);
		print_line(out, ' ', "  + %s: %s", member_name, b ? b : "?");
	}
	json_object_foreach(old, member_name, v)
		if (!json_object_get(new, member_name))
			print_line(out, ' ', "  - %s", member_name);
}

/* With what it says of itself, in escapes: an invisible character is seen. */
static void print_new(FILE *out, const char *name, json_t *tool)
{
	json_t *about = json_object_get(tool, "description");
	cleanup_free char *text =
		about ? json_dumps(about, JSON_ENCODE_ANY | JSON_ENSURE_ASCII) : NULL;

	print_line(out, '+', "%s: %s", name, text ? text : "no description");
}

void changes_print_tools(FILE *out, json_t *old_tools, json_t *new_tools, const char *old_why,
			 const char *new_why)
{
	const char *name;
	size_t n = 0;
	json_t *v;

	fputs("  tools:\n", out);
	if (!new_tools) {
		print_line(out, '!', "not known: the new version could not be asked: %s; if it needs "
				     "arguments, give them behind --", new_why);
		return;
	}
	if (!old_tools)
		print_line(out, '!', "not compared, since the installed version could not be asked: %s; "
				     "all of the new one:", old_why);
	json_object_foreach(new_tools, name, v) {
		json_t *before = json_object_get(old_tools, name);

		if (before && json_equal(before, v))
			continue;
		n++;
		if (before)
			print_changed(out, name, before, v);
		else
			print_new(out, name, v);
	}
	json_object_foreach(old_tools, name, v)
		if (!json_object_get(new_tools, name) && ++n)
			print_line(out, '-', "%s", name);
	if (!n)
		fprintf(out, "      no change (%zu tools)\n", json_object_size(new_tools));
}
