/* SPDX-License-Identifier: Apache-2.0 */
/*
 * delegate - mint a capability, narrow one, show one, revoke one
 *
 * The capability goes to stdout: a bearer secret, for the file or the agent that is to
 * have it.  Whoever has one can narrow it by the same command, or by any macaroon library,
 * without a key.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "common/cleanup.h"
#include "common/err.h"
#include "common/strv.h"
#include "common/warrant.h"
#include "launcher/commands.h"
#include "launcher/delegation.h"
#include "launcher/user.h"

struct request {
	const char *server, *from, *show, *revoke;
	struct strv caveats;
};

enum { OPT_SERVER = 256, OPT_TOOLS, OPT_PATH, OPT_CALLS, OPT_EXPIRES, OPT_ID, OPT_FROM, OPT_SHOW,
       OPT_REVOKE };

static const struct option options[] = {
	{ "server", required_argument, NULL, OPT_SERVER },
	{ "tools", required_argument, NULL, OPT_TOOLS },
	{ "path", required_argument, NULL, OPT_PATH },
	{ "calls", required_argument, NULL, OPT_CALLS },
	{ "expires", required_argument, NULL, OPT_EXPIRES },
	{ "id", required_argument, NULL, OPT_ID },
	{ "from", required_argument, NULL, OPT_FROM },
	{ "show", required_argument, NULL, OPT_SHOW },
	{ "revoke", required_argument, NULL, OPT_REVOKE },
	{ 0 },
};

/* "30m", "8h", "7d": seconds; 0: not such a text. */
static unsigned long duration(const char *text)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);
	unsigned long unit = *end == 's' ? 1 : *end == 'm' ? 60 : *end == 'h' ? 3600 :
			     *end == 'd' ? 86400 : 0;

	return *text >= '0' && *text <= '9' && end != text && unit && !end[1] && n < 100000 ? n * unit :
											      0;
}

static int add_expiry(struct strv *caveats, const char *text)
{
	unsigned long seconds = duration(text);
	time_t at = time(NULL) + (time_t)seconds;
	char stamp[32];
	struct tm tm;

	if (!seconds)
		return strv_addf(caveats, "expires = %s", text);
	gmtime_r(&at, &tm);
	strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return strv_addf(caveats, "expires = %s", stamp);
}

static int take(struct request *q, int opt, char *const *argv, struct err *err)
{
	switch (opt) {
	case OPT_SERVER:
		q->server = optarg;
		return strv_addf(&q->caveats, "server = %s", optarg);
	case OPT_TOOLS: return strv_addf(&q->caveats, "tools = %s", optarg);
	case OPT_PATH: return strv_addf(&q->caveats, "path = %s", optarg);
	case OPT_CALLS: return strv_addf(&q->caveats, "calls = %s", optarg);
	case OPT_EXPIRES: return add_expiry(&q->caveats, optarg);
	case OPT_ID: return strv_addf(&q->caveats, "id = %s", optarg);
	case OPT_FROM: q->from = optarg; return 0;
	case OPT_SHOW: q->show = optarg; return 0;
	case OPT_REVOKE: q->revoke = optarg; return 0;
	case ':':
		return err_set(err, EINVAL, "delegate: option %s needs a value", argv[optind - 1]);
	default:
		return err_set(err, EINVAL, "delegate: unknown option %s; see mcp-confine --help",
			       argv[optind - 1]);
	}
}

static int parse(int argc, char **argv, struct request *q, struct err *err)
{
	int opt, r = 0, n;

	optind = 0;
	opterr = 0;
	while (r == 0 && (opt = getopt_long(argc, argv, "+:", options, NULL)) != -1)
		r = take(q, opt, argv, err);
	if (r < 0)
		return err->code ? r : err_errno(err, -r, "delegate");
	if (optind < argc)
		return err_set(err, EINVAL, "delegate: unexpected argument %s", argv[optind]);
	n = !!q->from + !!q->show + !!q->revoke;
	if (n > 1 || ((q->show || q->revoke) && q->caveats.n))
		return err_set(err, EINVAL, "delegate: --show and --revoke stand alone; --from takes what it "
					    "shall be narrowed by");
	if (n == 0 && !q->server)
		return err_set(err, EINVAL, "delegate: needs --server NAME and --expires; or --from FILE to "
					    "narrow what there is");
	if (q->from && !q->caveats.n)
		return err_set(err, EINVAL, "delegate: --from without anything to narrow it by");
	return 0;
}

static int add_caveats(struct macaroon *m, const struct strv *caveats, struct err *err)
{
	for (size_t i = 0; i < caveats->n; i++) {
		const struct macaroon_part text = { caveats->v[i], strlen(caveats->v[i]) };
		struct capability_caveat c;
		const char *words;

		if (capability_caveat(text, &c, &words) < 0)
			return err_set(err, EINVAL, "delegate: \"%s\": must be %s", caveats->v[i], words);
		if (macaroon_add(m, text) < 0)
			return err_set(err, E2BIG, "delegate: more than %d caveats", MACAROON_CAVEATS);
	}
	return 0;
}

static int print(const struct macaroon *m, struct err *err)
{
	uint8_t data[MACAROON_MAX];
	char text[MACAROON_TEXT];
	struct capability c;
	const char *words;
	long len;

	if (capability_read(m, &c, &words) < 0)
		return err_set(err, EINVAL, "delegate: %s; name --expires, like 8h", words);
	len = macaroon_write(m, data, sizeof(data));
	if (len < 0)
		return err_set(err, E2BIG, "delegate: longer than %d bytes", MACAROON_MAX);
	macaroon_encode(data, (size_t)len, text);
	printf("%s\n", text);
	return fflush(stdout) ? err_errno(err, errno, "write to stdout") : 0;
}

static int mint(const struct user *u, const struct request *q, struct err *err)
{
	char id[sizeof(CAPABILITY_ID) + CAPABILITY_ROOT];
	cleanup_free char *location = NULL;
	uint8_t key[WARRANT_KEY];
	struct macaroon m;
	uint64_t nonce;
	int r;

	if (getrandom(&nonce, sizeof(nonce), 0) != (ssize_t)sizeof(nonce))
		return err_errno(err, errno, "getrandom");
	snprintf(id, sizeof(id), CAPABILITY_ID "%016llx", (unsigned long long)nonce);
	if (asprintf(&location, "urn:mcp-confine:server:%s", q->server) < 0)
		return err_errno(err, ENOMEM, "delegate");
	r = delegation_key(u, q->server, true, key, err);
	if (r < 0)
		return r;
	macaroon_start(&m, key, sizeof(key), (struct macaroon_part){ location, strlen(location) },
		       (struct macaroon_part){ id, strlen(id) });
	explicit_bzero(key, sizeof(key));
	r = add_caveats(&m, &q->caveats, err);
	return r < 0 ? r : print(&m, err);
}

static int narrow(const struct request *q, struct err *err)
{
	uint8_t data[MACAROON_MAX];
	struct macaroon m;
	struct capability c;
	long len = delegation_read(q->from, data, &m, &c, err);
	int r = len < 0 ? (int)len : add_caveats(&m, &q->caveats, err);

	return r < 0 ? r : print(&m, err);
}

/* Is it genuine for the server that it names?  Words. */
static const char *judge(const struct user *u, const struct macaroon *m,
			 const struct capability *c, struct err *err)
{
	cleanup_free char *revoked = malloc(WARRANT_REVOKED), *server = NULL;
	uint8_t key[WARRANT_KEY];
	bool is_ours = false;
	long len;

	for (size_t i = 0; i < c->n && !server; i++)
		if (c->v[i].kind == CAPABILITY_SERVER)
			server = strndup(c->v[i].text.at, c->v[i].text.len);
	if (server && delegation_key(u, server, false, key, err) == 1)
		is_ours = macaroon_verify(m, key, sizeof(key), NULL) && capability_has_server(c, server);
	explicit_bzero(key, sizeof(key));
	if (!is_ours)
		return "not one of this user's";
	len = revoked ? delegation_revoked(u, revoked, WARRANT_REVOKED, err) : -ENOMEM;
	if (len < 0)
		return "whether it was revoked is not known";
	if (capability_is_revoked(c, revoked, (size_t)len))
		return "revoked";
	return c->expires <= (uint64_t)time(NULL) ? "expired" : "valid";
}

static int show(const struct user *u, const struct request *q, struct err *err)
{
	uint8_t data[MACAROON_MAX];
	struct macaroon m;
	struct capability c;
	long len = delegation_read(q->show, data, &m, &c, err);

	if (len < 0)
		return (int)len;
	printf("root id %.*s: %s\n", (int)c.root.len, c.root.at, judge(u, &m, &c, err));
	for (size_t i = 0; i < m.n; i++)
		printf("  %.*s\n", (int)m.caveat[i].len, m.caveat[i].at);
	return err->code ? -err->code : 0;
}

static int revoke_id(const struct user *u, const struct request *q, struct err *err)
{
	int r = delegation_revoke(u, q->revoke, err);

	if (r == 0)
		fprintf(stderr, "mcp-confine: note: %s is revoked for every server that starts from now on\n",
			q->revoke);
	return r;
}

int delegate_main(int argc, char **argv)
{
	struct request q = {0};
	struct user user = {0};
	struct err err = {0};
	int r = parse(argc, argv, &q, &err);

	if (r == 0)
		r = user_find(&user, &err);
	if (r == 0)
		r = q.from ? narrow(&q, &err) : q.show ? show(&user, &q, &err) :
		    q.revoke ? revoke_id(&user, &q, &err) : mint(&user, &q, &err);
	if (r < 0)
		say_error(&err);
	strv_done(&q.caveats);
	user_done(&user);
	return r < 0 ? 1 : 0;
}
