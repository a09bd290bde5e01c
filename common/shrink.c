/* SPDX-License-Identifier: Apache-2.0 */
#include <link.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/shrink.h"

#define STACK_KEPT ((uintptr_t)16 * 1024) /* below this frame: for the calls to come */
#define STACK_MOST ((uintptr_t)512 * 1024)

/* The linker's: where this program begins in memory. */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

static void drop(uintptr_t from, uintptr_t to)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

	from = (from + page - 1) & ~(page - 1);
	to &= ~(page - 1);
	/* ENOMEM: a hole in it; what is mapped around the hole was dropped all the same. */
	if (from < to)
		(void)madvise((void *)from, to - from, MADV_DONTNEED);
}

void shrink(void)
{
	const uintptr_t begin = (uintptr_t)&__ehdr_start;
	const ElfW(Phdr) *p = (const ElfW(Phdr) *)(begin + __ehdr_start.e_phoff);
	const uintptr_t here = (uintptr_t)__builtin_frame_address(0);
	uintptr_t base = begin;

	for (size_t i = 0; i < __ehdr_start.e_phnum; i++)
		if (p[i].p_type == PT_LOAD && p[i].p_offset == 0)
			base = begin - p[i].p_vaddr;
	/* Relocated data lies in segments that say PF_W, read-only by now or not: never those. */
	for (size_t i = 0; i < __ehdr_start.e_phnum; i++)
		if (p[i].p_type == PT_LOAD && !(p[i].p_flags & PF_W))
			drop(base + p[i].p_vaddr, base + p[i].p_vaddr + p[i].p_filesz);
	drop(here - STACK_MOST, here - STACK_KEPT);
}
