/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/cleanup.h"
#include "launcher/delta_diff.h"

#define CONTEXT 3

struct line {
	const char *at;
	size_t len; /* with its newline */
};

/* One line of the result: ' ', '-' or '+'. */
struct edit {
	char sign;
	const struct line *line;
};

void delta_print(FILE *out, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		if (text[i] >= ' ' && text[i] < 0x7f && text[i] != '\\')
			fputc(text[i], out);
		else
			fprintf(out, "\\x%02x", (unsigned char)text[i]);
	}
}

static int split(const char *text, size_t len, struct line *lines, size_t *ret_n)
{
	size_t n = 0;

	if (len > DELTA_DIFF_BYTES)
		return -EFBIG;
	if (memchr(text, '\0', len))
		return -EILSEQ;
	for (size_t at = 0; at < len; n++) {
		const char *end = memchr(text + at, '\n', len - at);

		if (n == DELTA_DIFF_LINES)
			return -EFBIG;
		lines[n].at = text + at;
		lines[n].len = end ? (size_t)(end - text) + 1 - at : len - at;
		at += lines[n].len;
	}
	*ret_n = n;
	return 0;
}

static bool is_same(const struct line *a, const struct line *b)
{
	return a->len == b->len && !memcmp(a->at, b->at, a->len);
}

/* The longest common subsequence: common[i][j] of what begins at a[i] and b[j]. */
static size_t edit(const struct line *a, size_t n, const struct line *b, size_t m,
		   uint16_t *common, struct edit *ret)
{
	const size_t row = m + 1;
	size_t i = 0, j = 0, k = 0;

	for (i = n; i-- > 0;)
		for (j = m; j-- > 0;) {
			const uint16_t down = common[(i + 1) * row + j], right = common[i * row + j + 1];

			common[i * row + j] = is_same(&a[i], &b[j]) ?
						      (uint16_t)(common[(i + 1) * row + j + 1] + 1) :
					      down > right ? down : right;
		}
	for (i = j = 0; i < n || j < m; k++) {
		if (i < n && j < m && is_same(&a[i], &b[j])) {
			ret[k] = (struct edit){ ' ', &a[i++] };
			j++;
		} else if (i < n && (j == m || common[(i + 1) * row + j] >= common[i * row + j + 1])) {
			ret[k] = (struct edit){ '-', &a[i++] };
		} else {
			ret[k] = (struct edit){ '+', &b[j++] };
		}
	}
	return k;
}

static void print_line(FILE *out, const struct edit *e)
{
	const bool has_newline = e->line->len && e->line->at[e->line->len - 1] == '\n';

	fputc(e->sign, out);
	/* A tab is no danger, and source is full of them. */
	for (size_t i = 0; i < e->line->len - has_newline; i++) {
		if (e->line->at[i] == '\t')
			fputc('\t', out);
		else
			delta_print(out, e->line->at + i, 1);
	}
	fputs(has_newline ? "\n" : "\n\\ No newline at end of file\n", out);
}

/* Hunks: changed lines with what is within CONTEXT of one. */
static void print_hunks(FILE *out, const struct edit *e, size_t n)
{
	size_t old = 1, new = 1;

	for (size_t i = 0; i < n;) {
		size_t first = i, last, end, n_old = 0, n_new = 0;

		while (first < n && e[first].sign == ' ')
			first++;
		if (first == n)
			return;
		last = first;
		for (size_t k = first; k < n && k <= last + 2 * CONTEXT; k++)
			last = e[k].sign == ' ' ? last : k;
		end = n - last > CONTEXT + 1 ? last + 1 + CONTEXT : n;
		first = first - i > CONTEXT ? first - CONTEXT : i;
		old += first - i;
		new += first - i;
		for (size_t k = first; k < end; k++) {
			n_old += e[k].sign != '+';
			n_new += e[k].sign != '-';
		}
		fprintf(out, "@@ -%zu,%zu +%zu,%zu @@\n", n_old ? old : old - 1, n_old,
			n_new ? new : new - 1, n_new);
		for (size_t k = first; k < end; k++)
			print_line(out, &e[k]);
		old += n_old;
		new += n_new;
		i = end;
	}
}

int delta_diff(FILE *out, const char *a, size_t a_len, const char *b, size_t b_len)
{
	cleanup_free struct line *lines = calloc(2 * DELTA_DIFF_LINES, sizeof(*lines));
	cleanup_free struct edit *edits = calloc(2 * DELTA_DIFF_LINES, sizeof(*edits));
	cleanup_free uint16_t *common = NULL;
	struct line *right = lines + DELTA_DIFF_LINES;
	size_t n, m;
	int r;

	if (!lines || !edits)
		return -ENOMEM;
	r = split(a, a_len, lines, &n);
	if (r == 0)
		r = split(b, b_len, right, &m);
	if (r < 0)
		return r;
	common = calloc((n + 1) * (m + 1), sizeof(*common));
	if (!common)
		return -ENOMEM;
	print_hunks(out, edits, edit(lines, n, right, m, common, edits));
	return 0;
}
