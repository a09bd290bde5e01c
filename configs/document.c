/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "common/err.h"
#include "configs/document.h"
#include "configs/scan.h"

int document_parse(enum document_format format, const char *text, size_t len,
		   struct tree *ret, struct err *err)
{
	struct err local = {0};
	struct tree tree = {0};
	struct scan s = { .text = text, .p = text, .end = text + len, .tree = &tree,
			  .err = err ? err : &local };
	int r = scan_check_text(&s);

	if (r == 0)
		r = format == DOCUMENT_JSON ? document_json(&s) :
		    format == DOCUMENT_TOML ? document_toml(&s) :
		    format == DOCUMENT_YAML ? document_yaml(&s) :
					      err_set(err, EINVAL, "no format");
	if (r < 0) {
		tree_done(&tree);
		return r;
	}
	*ret = tree;
	return 0;
}
