/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * A bundle is a zip of somebody else's making.  It is unpacked by a few lines of Python's
 * zipfile, confined: without a network, with the bundle readable and the staging directory
 * writable.  Names that lead out, symlinks and devices are refused, sizes are bounded by
 * what is written and not by what the archive says.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/limits.h"
#include "common/sha256.h"
#include "launcher/fetch.h"
#include "launcher/fstree.h"
#include "launcher/path.h"
#include "launcher/people.h"
#include "launcher/tool.h"

static const char unpack[] =
	"import os, stat, sys, zipfile\n"
	"top, left, count = sys.argv[2], 2 << 30, 0\n"
	"try:\n"
	"    with zipfile.ZipFile(sys.argv[1]) as z:\n"
	"        for i in z.infolist():\n"
	"            name, kind = i.filename, stat.S_IFMT(i.external_attr >> 16)\n"
	"            parts = name.rstrip('/').split('/')\n"
	"            count += 1\n"
	"            if count > 100000:\n"
	"                sys.exit('more than 100000 files')\n"
	"            if name.startswith('/') or '\\\\' in name or any(p in ('', '.', '..') for p in parts):\n"
	"                sys.exit('%r: a name that leads out of the bundle' % name)\n"
	"            if kind not in (0, stat.S_IFREG, stat.S_IFDIR):\n"
	"                sys.exit('%r: neither a file nor a directory' % name)\n"
	"            path = os.path.join(top, *parts)\n"
	"            if i.is_dir():\n"
	"                os.makedirs(path, 0o700, exist_ok=True)\n"
	"                continue\n"
	"            os.makedirs(os.path.dirname(path), 0o700, exist_ok=True)\n"
	"            with z.open(i) as src, open(path, 'xb') as out:\n"
	"                while data := src.read(1 << 20):\n"
	"                    left -= len(data)\n"
	"                    if left < 0:\n"
	"                        sys.exit('more than 2 GiB')\n"
	"                    out.write(data)\n"
	"            if (i.external_attr >> 16) & 0o111:\n"
	"                os.chmod(path, 0o700)\n"
	"except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError) as e:\n"
	"    sys.exit(str(e))\n";

static int no_memory(struct err *err)
{
	return err_errno(err, ENOMEM, "bundle");
}

static int digest_file(const char *path, char ret[static FSTREE_HEX], struct err *err)
{
	cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
	static uint8_t data[1 << 16];
	uint8_t digest[FSTREE_DIGEST];
	struct sha256 sha;
	ssize_t n;

	sha256_start(&sha);
	while (fd >= 0 && (n = read(fd, data, sizeof(data))) > 0)
		sha256_add(&sha, data, (size_t)n);
	if (fd < 0 || n < 0)
		return err_errno(err, errno, "%s", path);
	sha256_done(&sha, digest);
	fstree_hex(digest, ret);
	return 0;
}

static int run_unpack(const struct fetch *f, const char *file, const char *tree, struct err *err)
{
	struct tool t = { .name = "unpack" };
	int code, e = strv_add(&t.argv, f->python) | strv_add(&t.argv, "-I") |
		      strv_add(&t.argv, "-c") | strv_add(&t.argv, unpack) |
		      strv_add(&t.argv, file) | strv_add(&t.argv, tree) |
		      strv_add(&t.read, file) | strv_add(&t.write, tree);

	e = e ? no_memory(err) : tool_run(&t, NULL, &code, err);
	tool_done(&t);
	if (e == 0 && code)
		e = err_set(err, EBADMSG, "%s: could not be unpacked (the reason is above)", file);
	return e;
}

static int make_lock(struct spec *s, const char *tree, const char *file, json_t **ret,
		     struct err *err)
{
	cleanup_free char *path = path_make("%s/manifest.json", tree);
	cleanup_free char *text = path ? path_read(path, 4 * MIB) : NULL, *whole = NULL;
	json_auto_t *manifest = text ? json_loads(text, JSON_REJECT_DUPLICATES, NULL) : NULL;
	const char *name = json_string_value(json_object_get(manifest, "name"));
	const char *version = json_string_value(json_object_get(manifest, "version"));
	char sha[FSTREE_HEX];
	struct spec own = {0};
	int e;

	if (!name || !version)
		return err_set(err, EBADMSG, "%s: no manifest.json in it that has a name and a version",
			       file);
	whole = path_make("npm:%s", name);
	if (!whole || spec_parse(whole, &own, err) < 0 || own.version[0] || strlen(version) > 127)
		return err_set(err, EBADMSG, "%s: its manifest's name or version cannot be used as one",
			       file);
	memcpy(s->name, own.name, sizeof(s->name));
	snprintf(s->version, sizeof(s->version), "%s", version);
	e = digest_file(file, sha, err);
	if (e < 0)
		return e;
	*ret = json_pack("{s:i, s:s, s:s, s:s, s:s, s:b, s:s, s:s, s:[]}", "version", 1, "kind", "mcpb",
			 "name", s->name, "requested", version, "package_version", version, "scripts", 0,
			 "file", file, "integrity", sha, "packages");
	return *ret && people_keep(*ret, people_mcpb(manifest)) == 0 ? 0 : no_memory(err);
}

int fetch_mcpb(const struct fetch *f, struct spec *s, json_t **ret_lock, struct err *err)
{
	cleanup_free char *package = path_make("%s/package", f->staging);
	cleanup_free char *tree = path_make("%s/package/tree", f->staging);
	cleanup_free char *file = path_real(s->file);
	int e;

	if (!file)
		return err_errno(err, errno, "%s", s->file);
	if (!package || !tree)
		return no_memory(err);
	if (mkdir(package, 0700) < 0 || mkdir(tree, 0700) < 0)
		return err_errno(err, errno, "make %s", tree);
	e = run_unpack(f, file, tree, err);
	return e < 0 ? e : make_lock(s, tree, file, ret_lock, err);
}
