/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scan - what the scanner finds in a file, by class and place, never the secret itself
 *
 * The same library that the pep redacts with, so that a rule can be tried before a
 * server meets it, and a file before it is granted.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/fd.h"
#include "common/limits.h"
#include "common/strv.h"
#include "launcher/commands.h"
#include "launcher/secrets.h"
#include "scan/scan.h"

#define SPANS 512

static const struct option options[] = {
	{ "pii", required_argument, NULL, 'p' },
	{ "environment", no_argument, NULL, 'e' },
	{ 0 },
};

struct request {
	struct scan_config config;
	bool environment;
	const char *path; /* NULL: standard input */
};

static int parse_personal(const char *list, uint64_t *ret, struct err *err)
{
	char name[64];

	for (const char *p = list; *p;) {
		size_t n = strcspn(p, ",");
		uint64_t bits;

		snprintf(name, sizeof(name), "%.*s", (int)(n < sizeof(name) ? n : sizeof(name) - 1), p);
		bits = scan_personal(name);
		if (!bits)
			return err_set(err, EINVAL, "--pii %s: no such class; mcp-confine(1) has "
						    "them, and all is all of them", name);
		*ret |= bits;
		p += n + (p[n] == ',');
	}
	return 0;
}

static int parse(int argc, char **argv, struct request *r, struct err *err)
{
	int opt;

	optind = 0;
	opterr = 0;
	while ((opt = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
		if (opt == 'e')
			r->environment = true;
		else if (opt != 'p')
			return err_set(err, EINVAL, "scan: %s %s; see mcp-confine --help",
				       opt == ':' ? "no value for" : "unknown option", argv[optind - 1]);
		else if (parse_personal(optarg, &r->config.personal, err) < 0)
			return -EINVAL;
	}
	if (argc - optind > 1)
		return err_set(err, EINVAL, "scan: unexpected argument %s; one file at a time",
			       argv[optind + 1]);
	if (optind < argc && strcmp(argv[optind], "-") != 0)
		r->path = argv[optind];
	return 0;
}

static int read_text(const char *path, char **ret, size_t *ret_len, struct err *err)
{
	cleanup_close int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY) : dup(0);
	int r;

	if (fd < 0)
		return err_errno(err, errno, "%s", path ? path : "standard input");
	r = fd_read_all(fd, LIMIT_SCAN, ret, ret_len, err);
	return r < 0 ? err_wrap(err, "%s", path ? path : "standard input") : 0;
}

static int open_scan(const struct request *request, struct scan **ret, struct err *err)
{
	cleanup_free void *data = NULL;
	struct strv entries = {0};
	size_t len = 0, known;
	int r = 0;

	for (char **e = environ; request->environment && *e && r == 0; e++)
		r = strv_add(&entries, *e);
	if (r == 0 && request->environment)
		r = secrets_digest(&entries, &(struct strv){0}, &data, &len, &known, err);
	strv_done(&entries);
	if (r == 0)
		r = scan_open(data, len, ret, err);
	if (r == 0)
		scan_configure(*ret, &request->config);
	return r;
}

/* Line and column, counted on from the last. */
struct place {
	size_t at, line, start; /* of the line */
};

static void go(struct place *p, const char *text, size_t to)
{
	const char *nl;

	while ((nl = memchr(text + p->at, '\n', to - p->at))) {
		p->at = p->start = (size_t)(nl - text) + 1;
		p->line++;
	}
	p->at = to;
}

/* "class", or "class+class" for one stretch that is several things; "more" are those that
 * a span has no room to name. */
static void print_classes(const struct scan_span *span)
{
	printf("%s", span->class);
	for (size_t i = 0; i < SCAN_OTHERS && span->others[i]; i++)
		printf("+%s", span->others[i]);
	if (span->is_mixed)
		printf("+more");
}

/*
 * Return: how many were found.  A call that fills its room ends with a span to the end of
 * the text; all before that are exact, and the next call goes on behind them.
 */
static size_t print_all(const struct scan *scan, const char *text, size_t len)
{
	static struct scan_span spans[SPANS];
	struct place place = { .line = 1 };
	size_t total = 0, from = 0, n;

	do {
		n = scan_text(scan, NULL, 0, text + from, len - from, spans, SPANS);
		for (size_t i = 0; i < n - (n == SPANS); i++) {
			go(&place, text, from + spans[i].start);
			printf("%zu:%zu ", place.line, place.at - place.start + 1);
			print_classes(&spans[i]);
			printf(" %zu%s\n", spans[i].end - spans[i].start, spans[i].certain ? " certain" : "");
			total++;
		}
		from += n == SPANS ? spans[SPANS - 2].end : 0;
	} while (n == SPANS);
	return total;
}

int scan_main(int argc, char **argv)
{
	cleanup_free char *text = NULL;
	struct request request = {0};
	struct scan *scan = NULL;
	struct err err = {0};
	size_t len = 0, found;
	int r = parse(argc, argv, &request, &err);

	if (r == 0)
		r = read_text(request.path, &text, &len, &err);
	if (r == 0)
		r = open_scan(&request, &scan, &err);
	if (r < 0) {
		say_error(&err);
		return 125;
	}
	found = print_all(scan, text, len);
	scan_close(scan);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		err_errno(&err, errno, "standard output");
		say_error(&err);
		return 125;
	}
	return found ? 1 : 0;
}
