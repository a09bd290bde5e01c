/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/err.h"
#include "launcher/cli.h"

enum { OPT_PROFILE = 256, OPT_READ, OPT_WRITE, OPT_ENV, OPT_NAME, OPT_DRY, OPT_FROM,
       OPT_TIMING, OPT_CONNECT, OPT_TIER, OPT_LISTEN, OPT_OVERLAY,
       OPT_CAPABILITY, OPT_OUT, OPT_INITIALIZE, OPT_JSON, OPT_NAMES };

static const struct option options[] = {
	{ "profile", required_argument, NULL, OPT_PROFILE },
	{ "read", required_argument, NULL, OPT_READ },
	{ "write", required_argument, NULL, OPT_WRITE },
	{ "overlay", required_argument, NULL, OPT_OVERLAY },
	{ "connect", required_argument, NULL, OPT_CONNECT },
	{ "env", required_argument, NULL, OPT_ENV },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "minimum-tier", required_argument, NULL, OPT_TIER },
	{ "listen", required_argument, NULL, OPT_LISTEN },
	{ "capability-file", required_argument, NULL, OPT_CAPABILITY },
	{ "dry-run", no_argument, NULL, OPT_DRY },
	{ "from-server", no_argument, NULL, OPT_FROM },
	{ "timing", no_argument, NULL, OPT_TIMING },
	{ "out", required_argument, NULL, OPT_OUT },
	{ "initialize", no_argument, NULL, OPT_INITIALIZE },
	{ "json", no_argument, NULL, OPT_JSON },
	{ "names", no_argument, NULL, OPT_NAMES },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

void cli_done(struct cli *c)
{
	strv_done(&c->options.read);
	strv_done(&c->options.write);
	strv_done(&c->options.overlay);
	strv_done(&c->options.connect);
	strv_done(&c->env);
}

static int add_path(struct strv *list, const char *path, const char *cwd)
{
	if (path[0] == '/' || !strcmp(path, "~") || !strncmp(path, "~/", 2))
		return strv_add(list, path);
	return strv_addf(list, "%s/%s", cwd, path);
}

static int check_env(const char *entry, struct err *err)
{
	size_t len = strcspn(entry, "=");

	if (!len || strspn(entry, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				  "0123456789_") != len)
		return err_set(err, EINVAL,
			       "--env %s: not NAME or NAME=value of letters, digits and _", entry);
	return 0;
}

static int take(struct cli *c, int opt, const char *cwd, struct err *err)
{
	switch (opt) {
	case OPT_PROFILE:
		c->profile = optarg;
		return 0;
	case OPT_READ:
		return add_path(&c->options.read, optarg, cwd);
	case OPT_WRITE:
		return add_path(&c->options.write, optarg, cwd);
	case OPT_OVERLAY:
		return add_path(&c->options.overlay, optarg, cwd);
	case OPT_CONNECT:
		return strv_add(&c->options.connect, optarg);
	case OPT_ENV:
		return check_env(optarg, err) < 0 ? -EINVAL : strv_add(&c->env, optarg);
	case OPT_NAME:
		c->name = optarg;
		return 0;
	case OPT_CAPABILITY:
		c->capability = optarg;
		return 0;
	case OPT_LISTEN:
		c->listen = optarg;
		return 0;
	case OPT_TIER:
		c->options.minimum_tier = optarg;
		return 0;
	case OPT_DRY:
		c->dry_run = true;
		return 0;
	case OPT_TIMING:
		c->has_timing = true;
		return 0;
	case OPT_FROM:
		c->from_server = true;
		return 0;
	case OPT_OUT:
		c->out = optarg;
		return 0;
	case OPT_INITIALIZE:
		c->does_initialize = true;
		return 0;
	case OPT_JSON:
		c->as_json = true;
		return 0;
	case OPT_NAMES:
		c->with_names = true;
		return 0;
	case 'h':
		c->help = true;
		return 0;
	default:
		return -EINVAL;
	}
}

/* What follows the options: "SERVER", or "-- CMD ARG...". */
static int take_rest(struct cli *c, int argc, char *const *argv, bool has_dashes,
		     struct err *err)
{
	int left = argc - optind;

	if (has_dashes) {
		if (!left)
			return err_set(err, EINVAL, "no command behind --");
		c->command = argv + optind;
		return 0;
	}
	if (left > 1)
		return err_set(err, EINVAL,
			       "unexpected argument %s; put -- before the server's command",
			       argv[optind + 1]);
	if (left == 1)
		c->server = argv[optind];
	return 0;
}

int cli_parse(int argc, char *const *argv, const char *cwd, struct cli *ret, struct err *err)
{
	struct cli c = {0};
	int opt, r = 0;

	optind = 0;
	opterr = 0;
	/* '+': stop at the first word that is no option, so a server's own options, and
	 * a second "--", are never read as ours. */
	while (r == 0 && (opt = getopt_long(argc, argv, "+:h", options, NULL)) != -1) {
		if (opt == '?' || (opt >= OPT_OUT && strcmp(argv[0], "learn") != 0))
			r = err_set(err, EINVAL, "unknown option %s; see mcp-confine %s --help",
				    argv[optind - 1], argv[0]);
		else if (opt == ':')
			r = err_set(err, EINVAL, "option %s needs a value", argv[optind - 1]);
		else
			r = take(&c, opt, cwd, err);
	}
	if (r == 0)
		r = take_rest(&c, argc, argv, optind > 1 && !strcmp(argv[optind - 1], "--"), err);
	if (r < 0) {
		cli_done(&c);
		return err->code ? -err->code : err_errno(err, -r, "command line");
	}
	*ret = c;
	return 0;
}
