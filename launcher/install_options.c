/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "common/err.h"
#include "launcher/install_options.h"

void install_options_done(struct install_options *o)
{
	strv_done(&o->fetch.hosts);
	strv_done(&o->fetch.addresses);
}

static int take(int opt, const char *word, struct install_options *o, struct err *err)
{
	int r = 0;

	switch (opt) {
	case 's':
		o->fetch.has_scripts = true;
		break;
	case 't':
		o->fetch.has_login = true;
		break;
	case 'r':
		o->fetch.registry = optarg;
		break;
	case 'h':
		r = strchr(optarg, ':') ? strv_add(&o->fetch.hosts, optarg) :
					  strv_addf(&o->fetch.hosts, "%s:443", optarg);
		if (r == 0 && strchr(optarg, '*'))
			return err_set(err, EINVAL, "--host %s: name each host", optarg);
		break;
	case 'a':
		r = strv_add(&o->fetch.addresses, optarg);
		break;
	case 'p':
		o->fetch.python = optarg;
		break;
	case 'w':
		o->has_policy = true;
		break;
	case 'y':
		o->has_yes = true;
		break;
	default:
		return err_set(err, EINVAL, "%s: unknown option or no value; try mcp-confine --help", word);
	}
	return r < 0 ? err_errno(err, ENOMEM, "options") : 0;
}

int install_options_parse(int argc, char **argv, struct install_options *ret, struct err *err)
{
	static const struct option options[] = {
		{ "scripts", no_argument, NULL, 's' },	 { "registry", required_argument, NULL, 'r' },
		{ "host", required_argument, NULL, 'h' }, { "address", required_argument, NULL, 'a' },
		{ "python", required_argument, NULL, 'p' }, { "write-policy", no_argument, NULL, 'w' },
		{ "yes", no_argument, NULL, 'y' },	 { "token", no_argument, NULL, 't' }, { 0 },
	};
	struct install_options o = { .fetch.python = "python3" };
	int opt, r = 0;

	opterr = 0;
	optind = 1;
	while (r == 0 && (opt = getopt_long(argc, argv, "+", options, NULL)) != -1)
		r = take(opt, argv[optind - 1], &o, err);
	if (r == 0 && optind < argc && strcmp(argv[optind - 1], "--") != 0)
		o.package = argv[optind++];
	if (r == 0 && optind < argc && !strcmp(argv[optind], "--"))
		o.arguments = argv + optind + 1;
	else if (r == 0 && optind < argc)
		r = err_set(err, EINVAL, "%s: one package at a time, and options before it", argv[optind]);
	if (r < 0) {
		install_options_done(&o);
		return r;
	}
	*ret = o;
	return 0;
}
