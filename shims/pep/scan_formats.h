/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan_formats - token formats that name themselves, one row each
 *
 * To add a class: one row here (its literal beginning, the characters and the number of
 * them behind it), one row in tests/unit/test_scan.c.  Lengths are of what follows the
 * literal; a run of more characters than max is not the token.
 */
#ifndef SHIMS_PEP_SCAN_FORMATS_H
#define SHIMS_PEP_SCAN_FORMATS_H

#include <stddef.h>

enum scan_charset {
	SET_B62 = 0, /* letters and digits */
	SET_B64U,    /* and - _ */
	SET_HEX,     /* 0-9 a-f */
	SET_B32,     /* A-Z 2-7 */
	SET_WIDE,    /* and . = + / besides - _ */
};

#define SET_N (SET_WIDE + 1)

struct scan_format {
	const char *class, *literal;
	enum scan_charset set;
	unsigned short min, max;
};

extern const struct scan_format scan_formats[];
extern const size_t scan_n_formats;

#endif /* SHIMS_PEP_SCAN_FORMATS_H */
