/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seam - a token that is split over texts of one result that follow each other
 *
 * A client shows the items of `content` one behind the other, and a model reads them as one
 * text.  So the end of each text and the beginning of the next are looked at together, and
 * short texts as a whole.  Only what names itself counts, and known values: what merely
 * stands behind a telling name, or is personal data, may be two things that have met.
 */
#ifndef SHIMS_PEP_SEAM_H
#define SHIMS_PEP_SEAM_H

#include <stddef.h>
#include <stdint.h>

#include "scan/scan.h"

struct json;

#define SEAM_MOST 32

/* A part of a text that is a part of a token. */
struct seam {
	uint32_t node;
	struct scan_span span; /* of the node's text */
};

/*
 * Look at the texts of result.content.  Return: how many parts, at most SEAM_MOST; a result
 * with more of them than that is full of tokens that are split, and the rest stays.
 */
size_t seam_find(const struct json *j, const struct scan *scan, struct seam seams[static SEAM_MOST]);

/* Unite the node's parts with its spans[n], which has room for max.  Return: the new n. */
size_t seam_add(const struct seam *seams, size_t n_seams, uint32_t node, struct scan_span *spans,
		size_t n, size_t max);

#endif /* SHIMS_PEP_SEAM_H */
