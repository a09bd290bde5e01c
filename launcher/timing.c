/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "common/err.h"
#include "launcher/timing.h"

#define MARKS 64

struct mark {
	const char *who, *step; /* the same addresses in every fork of one image */
	int64_t ns;
};

static struct page {
	int64_t began;
	uint32_t n; /* atomic */
	struct mark v[MARKS];
} *page;

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

int timing_begin(struct err *err)
{
	void *p = mmap(NULL, sizeof(*page), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
		       -1, 0);

	if (p == MAP_FAILED)
		return err_errno(err, errno, "memory for --timing");
	page = p;
	page->began = now_ns();
	return 0;
}

void timing_mark(const char *who, const char *step)
{
	uint32_t i;

	if (!page)
		return;
	i = __atomic_fetch_add(&page->n, 1, __ATOMIC_RELAXED);
	if (i < MARKS)
		page->v[i] = (struct mark){ who, step, now_ns() };
}

static int by_time(const void *a, const void *b)
{
	const struct mark *x = a, *y = b;

	return (x->ns > y->ns) - (x->ns < y->ns);
}

/* When the step before this one of the same process ended; the launcher's first began
 * with us, a child's with the newest mark of the launcher's. */
static int64_t before(size_t i)
{
	for (size_t j = i; j-- > 0;)
		if (!strcmp(page->v[j].who, page->v[i].who))
			return page->v[j].ns;
	for (size_t j = i; j-- > 0;)
		if (!strcmp(page->v[j].who, "launcher"))
			return page->v[j].ns;
	return page->began;
}

void timing_print(FILE *out)
{
	size_t n;

	if (!page)
		return;
	n = page->n < MARKS ? page->n : MARKS;
	qsort(page->v, n, sizeof(*page->v), by_time);
	for (size_t i = 0; i < n; i++)
		fprintf(out, "mcp-confine: timing: %8.1f us  +%7.1f  %s: %s\n",
			(double)(page->v[i].ns - page->began) / 1e3,
			(double)(page->v[i].ns - before(i)) / 1e3, page->v[i].who,
			page->v[i].step);
}
