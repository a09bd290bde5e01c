/* SPDX-License-Identifier: Apache-2.0 */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/path.h"
#include "launcher/runtime_script.h"

#define HEAD 2048

/* --- the first lines ------------------------------------------------------------------------- */

/* "/usr/bin/env -S node --x" and "/path/python -E" to words, env taken away. */
static int split_head(const char *path, char *line, struct strv *ret, struct err *err)
{
	char *save = NULL;

	for (char *w = strtok_r(line, " \t\r", &save); w; w = strtok_r(NULL, " \t\r", &save))
		if (strv_add(ret, w) < 0)
			return err_errno(err, ENOMEM, "runtime");
	if (ret->n > 1 && !strcmp(path_last(ret->v[0]), "env")) {
		strv_remove(ret, 0);
		while (ret->n > 1 && (!strcmp(ret->v[0], "-S") || strchr(ret->v[0], '=')))
			strv_remove(ret, 0);
		if (ret->v[0][0] == '-')
			return err_set(err, ENOEXEC, "%s: #! with env %s, which is not understood; name "
						     "its interpreter before it", path, ret->v[0]);
	}
	return ret->n ? 0 : err_set(err, ENOEXEC, "%s: #! without an interpreter", path);
}

/* The second line of an environment's script whose interpreter no #! line could name:
 * '''exec' "/a path/python" "$0" "$@", or with "$(dirname ...)"/'python' for its own
 * directory.  From malloc, or NULL. */
static char *read_polyglot(const char *real, const char *second)
{
	static const char mark[] = "'''exec' ", own[] = "\"$(dirname -- \"$(realpath -- \"$0\")\")\"/";
	cleanup_free char *dir = path_dir(real);
	const char *p = second;
	char quote = ' ';
	bool is_own;
	size_t len;

	if (!dir || strncmp(p, mark, sizeof(mark) - 1) != 0)
		return NULL;
	p += sizeof(mark) - 1;
	is_own = !strncmp(p, own, sizeof(own) - 1);
	if (is_own)
		p += sizeof(own) - 1;
	if (*p == '"' || *p == '\'')
		quote = *p++;
	len = strcspn(p, quote == ' ' ? " \n" : quote == '"' ? "\"\n" : "'\n");
	if (is_own)
		return path_make("%s/%.*s", dir, (int)len, p);
	return *p == '/' ? path_make("%.*s", (int)len, p) : NULL;
}

static bool is_shell(const char *interpreter)
{
	const char *name = path_last(interpreter);

	return !strcmp(name, "sh") || !strcmp(name, "bash") || !strcmp(name, "dash");
}

int runtime_script_head(const char *real, struct strv *ret_words, struct err *err)
{
	cleanup_close int fd = open(real, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	cleanup_free char *polyglot = NULL;
	char text[HEAD], *second;
	ssize_t n;
	int r;

	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return err_errno(err, errno, "%s", real);
	text[n] = '\0';
	if (n >= SELFMAG && !memcmp(text, ELFMAG, SELFMAG))
		return 0;
	if (n < 3 || text[0] != '#' || text[1] != '!')
		return err_set(err, ENOEXEC, "%s: neither a program nor a script with #!", real);
	second = strchr(text, '\n');
	if (second)
		*second++ = '\0';
	r = split_head(real, text + 2, ret_words, err);
	if (r < 0 || !second || !is_shell(ret_words->v[0]))
		return r;
	polyglot = read_polyglot(real, second);
	if (!polyglot)
		return 0;
	strv_done(ret_words);
	return strv_add(ret_words, polyglot) < 0 ? err_errno(err, ENOMEM, "runtime") : 0;
}

char *runtime_script_wrapped(const char *wrapper)
{
	static const char mark[] = "exec node  \"$basedir/";
	cleanup_free char *text = path_read(wrapper, 64 * 1024), *dir = path_dir(wrapper);
	cleanup_free char *path = NULL;
	char *p = text ? strstr(text, mark) : NULL, *end;

	if (!p || !dir)
		return NULL;
	p += sizeof(mark) - 1;
	end = strchr(p, '"');
	if (!end)
		return NULL;
	*end = '\0';
	path = path_make("%s/%s", dir, p);
	return path_is_file(path) ? take_ptr(&path) : NULL;
}

/* --- an interpreter's own options ------------------------------------------------------------ */

static bool is_one_of(const char *word, const char *const *list)
{
	for (; *list; list++)
		if (!strcmp(word, *list))
			return true;
	return false;
}

/* "-lc", "-Im": short options of a shell or of Python together, the last of which is
 * followed by code or by a module's name. */
static bool ends_in_code(const char *a, bool is_python, bool is_sh)
{
	size_t len = strlen(a);

	return (is_python || is_sh) && a[0] == '-' && a[1] != '-' && len > 2 &&
	       a[1 + strspn(a + 1, "abcdefhiklmnpqrstuvxBEIOPRS")] == '\0' &&
	       (a[len - 1] == 'c' || (is_python && a[len - 1] == 'm'));
}

size_t runtime_script_argument(const struct strv *argv, size_t from, size_t *ret_first,
			       const char **ret_module)
{
	/* Options whose value is the next word. */
	static const char *const node[] = { "-r", "--require", "--import", "--loader",
					    "--experimental-loader", "-C", "--conditions",
					    "--env-file", "--title", "--input-type", NULL };
	static const char *const python[] = { "-X", "-W", "--check-hash-based-pycs", NULL };
	static const char *const java[] = { "-cp", "-classpath", "--class-path", "-p",
					    "--module-path", "--add-modules", NULL };
	static const char *const shell[] = { "-o", "-O", "+o", "+O", NULL };
	static const char *const other[] = { "-I", "-r", "--config", "--cwd", NULL };
	/* And those that are followed by code or by a module's name. */
	static const char *const code[] = { "-m", "-e", "-c", "-p", "--eval", "--print", NULL };
	const char *name = path_last(argv->v[0]);
	bool is_java = !strncmp(name, "java", 4), is_python = !strncmp(name, "py", 2);
	bool takes_verb = !strcmp(name, "bun") || !strcmp(name, "deno");
	const char *const *values = !strncmp(name, "node", 4) ? node :
				    is_python			? python :
				    is_java			? java :
				    is_shell(name)		? shell :
								  other;

	*ret_module = NULL;
	for (size_t i = from; i < argv->n; i++) {
		const char *a = argv->v[i];

		if (is_java && !strcmp(a, "-jar")) {
			*ret_first = i + 2;
			return i + 1 < argv->n ? i + 1 : 0;
		}
		if (!is_java &&
		    (is_one_of(a, code) || ends_in_code(a, is_python, is_shell(name)))) {
			*ret_first = i + 2 < argv->n ? i + 2 : argv->n;
			if (is_python && a[strlen(a) - 1] == 'm' && i + 1 < argv->n)
				*ret_module = argv->v[i + 1];
			return 0;
		}
		if (is_one_of(a, values)) {
			i++;
			continue;
		}
		if (!strcmp(a, "--") && i + 1 < argv->n) {
			*ret_first = i + 2;
			return i + 1;
		}
		if (a[0] == '-')
			continue;
		if (takes_verb && i == from && (!strcmp(a, "run") || !strcmp(a, "x")))
			continue;
		*ret_first = is_java ? i : i + 1;
		return is_java ? 0 : i;
	}
	*ret_first = argv->n;
	return 0;
}
