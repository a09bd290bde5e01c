/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "launcher/fetch.h"
#include "launcher/store.h"
#include "launcher/tool.h"

int fetch_package(const struct fetch *f, struct spec *s, char **ret_dir, struct err *err)
{
	json_t *lock = NULL;
	int r;

	switch (s->kind) {
	case SPEC_NPM:
		r = fetch_npm(f, s, &lock, err);
		break;
	case SPEC_PYPI:
		r = fetch_pypi(f, s, &lock, err);
		break;
	case SPEC_MCPB:
		r = fetch_mcpb(f, s, &lock, err);
		break;
	case SPEC_MANIFEST:
	case SPEC_NONE:
	default:
		r = err_set(err, EINVAL, "nothing to fetch");
	}
	if (r < 0)
		return r;
	r = store_commit(f->user, s, f->staging, s->kind == SPEC_PYPI ? FETCH_PYTHON : NULL, lock,
			 ret_dir, err);
	json_decref(lock);
	if (r == 0 && tool_interrupted())
		r = err_set(err, EINTR, "interrupted");
	return r;
}
