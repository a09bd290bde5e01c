/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/path.h"
#include "launcher/runtime.h"
#include "launcher/runtime_elf.h"
#include "launcher/runtime_grant.h"
#include "launcher/walk.h"

#define SEGMENTS 64
#define DYNAMIC 512
#define RUNPATH_MAX 4096
#define ENTRIES 512

struct image {
	int fd;
	Elf64_Ehdr head;
	Elf64_Phdr segments[SEGMENTS];
	size_t n;
};

static bool read_at(int fd, void *to, size_t size, uint64_t offset)
{
	return offset <= INT64_MAX && pread(fd, to, size, (off_t)offset) == (ssize_t)size;
}

static bool read_image(struct image *m)
{
	if (!read_at(m->fd, &m->head, sizeof(m->head), 0) ||
	    memcmp(m->head.e_ident, ELFMAG, SELFMAG) != 0 ||
	    m->head.e_ident[EI_CLASS] != ELFCLASS64)
		return false;
	m->n = m->head.e_phnum < SEGMENTS ? m->head.e_phnum : SEGMENTS;
	return read_at(m->fd, m->segments, m->n * sizeof(*m->segments), m->head.e_phoff);
}

static const Elf64_Phdr *find_segment(const struct image *m, uint32_t type)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->segments[i].p_type == type)
			return &m->segments[i];
	return NULL;
}

/* A text of the string table, by its address; false when it is not in the file. */
static bool read_string(const struct image *m, uint64_t address, char *text, size_t size)
{
	for (size_t i = 0; i < m->n; i++) {
		const Elf64_Phdr *s = &m->segments[i];
		ssize_t n;

		if (s->p_type != PT_LOAD || address < s->p_vaddr ||
		    address - s->p_vaddr >= s->p_filesz)
			continue;
		n = pread(m->fd, text, size - 1,
			  (off_t)(s->p_offset + (address - s->p_vaddr)));
		if (n <= 0)
			return false;
		text[n] = '\0';
		return true;
	}
	return false;
}

/* DT_RUNPATH, or DT_RPATH. */
static bool read_runpath(const struct image *m, char text[static RUNPATH_MAX])
{
	const Elf64_Phdr *dynamic = find_segment(m, PT_DYNAMIC);
	uint64_t strings = 0, at = 0;
	Elf64_Dyn all[DYNAMIC];
	bool found = false;
	size_t n = dynamic ? dynamic->p_filesz / sizeof(*all) : 0;

	n = n < DYNAMIC ? n : DYNAMIC;
	/* A table that ends early is none. */
	if (n && !read_at(m->fd, all, n * sizeof(*all), dynamic->p_offset))
		return false;
	for (size_t i = 0; i < n && all[i].d_tag != DT_NULL; i++) {
		const Elf64_Dyn d = all[i];

		if (d.d_tag == DT_STRTAB)
			strings = d.d_un.d_ptr;
		if (d.d_tag == DT_RUNPATH || (d.d_tag == DT_RPATH && !found)) {
			at = d.d_un.d_val;
			found = true;
		}
	}
	return found && strings <= UINT64_MAX - at &&
	       read_string(m, strings + at, text, RUNPATH_MAX);
}

/* "$ORIGIN/../lib/x" of a program in /p/bin: something below /p called lib*. */
static bool is_beside(const char *dir, const char *real)
{
	cleanup_free char *up = path_dir(dir);
	const char *rest;

	if (!up || !up[1] || !walk_is_below(real, up))
		return false;
	rest = real + strlen(up);
	return !strcmp(real, dir) || !strncmp(rest, "/lib", 4) ||
	       (walk_is_below(real, dir) && !strncmp(real + strlen(dir), "/lib", 4));
}

static bool holds_libraries(const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	bool found = false;

	for (int i = 0; d && !found && i < ENTRIES && (e = readdir(d)); i++)
		found = strstr(e->d_name, ".so") != NULL;
	if (d)
		closedir(d);
	return found;
}

static int take_entry(const struct runtime_query *q, struct runtime *r, const char *program,
		      const char *entry, struct err *err)
{
	const char *rest = !strncmp(entry, "$ORIGIN", 7) ? entry + 7 :
			   !strncmp(entry, "${ORIGIN}", 9) ? entry + 9 : NULL;
	cleanup_free char *dir = path_dir(program), *path = NULL, *real = NULL;
	int ret;

	if (!dir || (!rest && entry[0] != '/'))
		return 0;
	path = rest ? path_make("%s%s", dir, rest) : path_make("%s", entry);
	real = path ? path_real(path) : NULL;
	if (!real || walk_is_below(real, "/usr") || !path_is_dir(real))
		return 0;
	if (walk_is_below(real, "/nix/store") || walk_is_below(real, "/gnu/store") ||
	    walk_is_below(real, "/home/linuxbrew/.linuxbrew") || walk_is_below(real, "/snap"))
		return runtime_grant(q, r, path, "libraries", err);
	/* The program's own directory is not granted for a library that may lie in it. */
	if (!rest || !is_beside(dir, real) || !strcmp(real, dir)) {
		if (!holds_libraries(real))
			return 0;
		ret = runtime_want(r, real, "%s looks for libraries in %s, which is not readable; "
					    "if it needs them", program, real);
		return ret < 0 ? err_errno(err, ENOMEM, "runtime") : 0;
	}
	ret = runtime_infer(q, r, path, program, "libraries", err);
	return ret < 0 ? ret : 0;
}

static int grant_loader(const struct runtime_query *q, struct runtime *r, const char *program,
			const char *loader, struct err *err)
{
	static const char *const system_dirs[] = { "/usr", "/lib", "/lib32", "/lib64", "/libx32" };
	cleanup_free char *real = path_real(loader);

	if (!real)
		return err_set(err, ENOENT, "%s: its loader %s does not exist", program, loader);
	/* Unmerged /usr: all of these are in every sandbox. */
	for (size_t i = 0; i < sizeof(system_dirs) / sizeof(*system_dirs); i++)
		if (walk_is_below(real, system_dirs[i]))
			return 0;
	return runtime_grant(q, r, loader, "loader", err);
}

int runtime_elf_grant(const struct runtime_query *q, struct runtime *r, const char *program,
		      struct err *err)
{
	cleanup_close int fd = open(program, O_RDONLY | O_CLOEXEC);
	struct image m = { .fd = fd };
	char text[RUNPATH_MAX], *save = NULL;
	const Elf64_Phdr *interp;
	int ret = 0;

	if (fd < 0 || !read_image(&m))
		return err_set(err, ENOEXEC, "%s: not a 64-bit program of this machine", program);
	interp = find_segment(&m, PT_INTERP);
	if (interp && interp->p_filesz > 1 && interp->p_filesz < sizeof(text) &&
	    read_at(fd, text, interp->p_filesz, interp->p_offset)) {
		text[interp->p_filesz] = '\0';
		ret = text[0] == '/' ? grant_loader(q, r, program, text, err) :
				       err_set(err, ENOEXEC, "%s: its loader has no absolute path",
					       program);
	}
	if (ret < 0 || walk_is_below(program, "/usr") || !read_runpath(&m, text))
		return ret;
	for (char *e = strtok_r(text, ":", &save); e && ret == 0; e = strtok_r(NULL, ":", &save))
		ret = take_entry(q, r, program, e, err);
	return ret;
}
