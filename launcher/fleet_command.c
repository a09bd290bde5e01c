/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fleet render | hook - the managed files of the clients, and what one of them asks us
 *
 * Written to stdout, or below a directory that the administrator names: what becomes of it
 * on the machines is a matter of what manages these.  Never to /etc itself: a file there
 * may hold more than what is of MCP, and is not ours to replace.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "launcher/commands.h"
#include "launcher/fleet.h"
#include "launcher/identity.h"
#include "launcher/path.h"

#define ADMIN SYSCONFDIR "/mcp-confine"

enum { EXIT_DONE = 0, EXIT_FAILED = 125 };

struct render {
	const char *out, *policy, *program, *registry;
	char *const *servers;
};

static int take_options(int argc, char **argv, struct render *w, struct err *err)
{
	static const struct option options[] = {
		{ "out", required_argument, NULL, 'o' },
		{ "policy", required_argument, NULL, 'p' },
		{ "program", required_argument, NULL, 'P' },
		{ "vscode-registry", required_argument, NULL, 'r' },
		{ 0 },
	};
	int opt;

	opterr = 0;
	while ((opt = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		switch (opt) {
		case 'o': w->out = optarg; break;
		case 'p': w->policy = optarg; break;
		case 'P': w->program = optarg; break;
		case 'r': w->registry = optarg; break;
		case ':':
			return err_set(err, EINVAL, "fleet render: %s needs a value", argv[optind - 1]);
		default:
			return err_set(err, EINVAL, "fleet render: unknown option %s; see mcp-confine --help",
				       argv[optind - 1]);
		}
	}
	w->servers = argv + optind;
	if (w->registry && (strncmp(w->registry, "https://", 8) != 0 || !w->registry[8] ||
			    strpbrk(w->registry, "@ \t\r\n\"\\")))
		return err_set(err, EINVAL, "--vscode-registry: an https URL without a credential");
	return 0;
}

/* What clients start: as named, or where we lie, when that is root's alone to change. */
static int find_program(const struct render *w, struct fleet *f, struct err *err)
{
	struct identity id = { .fd = -1 };
	int r = 0;

	if (!w->program) {
		r = identity_open(getuid(), &id, err);
		if (r == 0)
			r = fleet_check_owner(id.path, err);
	}
	if (r == 0) {
		f->program = strdup(w->program ? w->program : id.path);
		r = f->program ? fleet_check_program(f->program, err) : err_errno(err, ENOMEM, "fleet");
	}
	identity_close(&id);
	return r;
}

/* --- below a directory ------------------------------------------------------------------- */

/* Into the directory of that name below dir, made when it is not there; no symlink. */
static int enter(int dir, const char *name, struct err *err)
{
	int fd;

	if (mkdirat(dir, name, 0755) < 0 && errno != EEXIST)
		return err_errno(err, errno, "make directory %s", name);
	fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? err_errno(err, errno, "%s", name) : fd;
}

/* Is that the /etc of this machine? */
static int refuse_etc(int etc, const char *out, struct err *err)
{
	struct stat ours, its;

	if (fstat(etc, &ours) < 0 || stat("/etc", &its) < 0)
		return err_errno(err, errno, "/etc");
	if (ours.st_dev == its.st_dev && ours.st_ino == its.st_ino)
		return err_set(err, EPERM, "--out %s: that is this machine's /etc, where other settings may "
					   "stand; name another directory and merge its files", out);
	return 0;
}

/* Whole, beside the place, then into it. */
static int put(int dir, const char *name, const char *text, size_t len, struct err *err)
{
	cleanup_free char *beside = path_make(".%s.new", name);
	cleanup_close int fd = -1;
	int r = 0;

	if (!beside)
		return err_errno(err, ENOMEM, "fleet");
	if (unlinkat(dir, beside, 0) < 0 && errno != ENOENT)
		return err_errno(err, errno, "%s", beside);
	fd = openat(dir, beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0)
		return err_errno(err, errno, "%s", beside);
	if (fchmod(fd, 0644) < 0)
		r = -errno;
	for (size_t at = 0; r == 0 && at < len;) {
		ssize_t n = write(fd, text + at, len - at);

		if (n < 0)
			r = -errno;
		else
			at += (size_t)n;
	}
	if (r == 0 && renameat(dir, beside, dir, name) < 0)
		r = -errno;
	if (r < 0)
		unlinkat(dir, beside, 0);
	return r < 0 ? err_errno(err, -r, "%s", name) : 0;
}

/* Into top/etc/DIRECTORY/NAME; *path is of those three parts. */
static int put_file(int top, const char *out, const struct fleet_file *file, const char *text,
		    size_t len, struct err *err)
{
	cleanup_free char *path = strdup(file->path);
	cleanup_close int etc = -1, dir = -1;
	char *directory, *name;
	int r;

	if (!path)
		return err_errno(err, ENOMEM, "fleet");
	directory = strchr(path, '/');
	name = strrchr(path, '/');
	*directory++ = '\0';
	*name++ = '\0';
	r = etc = enter(top, path, err);
	if (r >= 0)
		r = refuse_etc(etc, out, err);
	if (r >= 0)
		r = dir = enter(etc, directory, err);
	if (r >= 0)
		r = put(dir, name, text, len, err);
	return r < 0 ? err_wrap(err, "%s/%s", out, file->path) : 0;
}

static int write_all(const struct fleet *f, const char *out, struct err *err)
{
	cleanup_close int top = -1;

	if (mkdir(out, 0755) < 0 && errno != EEXIST)
		return err_errno(err, errno, "--out %s", out);
	top = open(out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (top < 0)
		return err_errno(err, errno, "--out %s", out);
	for (size_t i = 0; i < n_fleet_files; i++) {
		cleanup_free char *text = NULL;
		size_t len = 0;
		FILE *memory = open_memstream(&text, &len);
		int r;

		if (!memory)
			return err_errno(err, ENOMEM, "fleet");
		fleet_files[i].write(memory, f);
		if (fclose(memory) != 0)
			return err_errno(err, ENOMEM, "fleet");
		r = put_file(top, out, &fleet_files[i], text, len, err);
		if (r < 0)
			return r;
		printf("%s/%s (%s)\n  cannot hold: %s\n", out, fleet_files[i].path, fleet_files[i].client,
		       fleet_files[i].not_enforced);
	}
	return 0;
}

static void print_all(const struct fleet *f)
{
	for (size_t i = 0; i < n_fleet_files; i++) {
		printf("%s==> /%s (%s)\n    cannot hold: %s\n", i ? "\n" : "", fleet_files[i].path,
		       fleet_files[i].client, fleet_files[i].not_enforced);
		fleet_files[i].write(stdout, f);
	}
}

static int render(int argc, char **argv, struct err *err)
{
	struct render w = {0};
	struct fleet f = {0};
	int r = take_options(argc, argv, &w, err);

	if (r == 0)
		r = fleet_load(w.policy ? w.policy : ADMIN, w.policy ? LOAD_USER : LOAD_ADMIN, w.servers,
			       &f, err);
	if (r == 0) {
		f.registry = w.registry;
		r = find_program(&w, &f, err);
	}
	if (r == 0 && !f.enforce)
		say_note("policy.json does not say \"enforce\": true, so whoever starts mcp-confine by hand "
			 "can give it any command and policy");
	if (r == 0 && !f.servers.n)
		say_note("the policy names no server: these files turn MCP off");
	if (r == 0 && w.out)
		r = write_all(&f, w.out, err);
	else if (r == 0)
		print_all(&f);
	if (r == 0 && (fflush(stdout) != 0 || ferror(stdout)))
		r = err_errno(err, EIO, "write");
	fleet_done(&f);
	return r;
}

int fleet_main(int argc, char **argv)
{
	struct err err = {0};
	int r;

	if (argc > 1 && !strcmp(argv[1], "hook"))
		return fleet_hook_main(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "render"))
		r = render(argc - 1, argv + 1, &err);
	else
		r = err_set(&err, EINVAL, "fleet: say render or hook; see mcp-confine --help");
	if (r < 0)
		say_error(&err);
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}
