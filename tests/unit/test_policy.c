/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/err.h"
#include "policies/bundle.h"
#include "policies/load.h"
#include "policies/match.h"
#include "policies/merge.h"
#include "policies/policy.h"
#include "policies/profiles.h"
#include "scan/scan.h"

#define CIBA(issuer, more)                                                                         \
	"{\"issuer\":\"" issuer "\",\"client_id\":\"c\",\"client_auth\":\"client_secret_post\","              \
	"\"credential_file\":\"/k\",\"approver\":\"u\"," more "}"
#define MESSAGES(members) "{\"version\":1,\"messages\":{" members "}}"
#define RULE(arguments) \
	MESSAGES("\"tools\":[{\"match\":\"*\",\"then\":\"deny\",\"arguments\":" arguments "}]")

static void loading_accepts_what_this_version_does_and_nothing_else(void **state)
{
	static const struct {
		const char *text, *words; /* NULL: accepted */
	} rows[] = {
		{ "{\"version\":1}", NULL },
		{ "{\"version\":2}", "t:1:2: must be 1" },
		{ "{}", "missing" },
		{ "{\"version\":1,\"$schema\":\"x\"}", NULL },
		{ "{\"version\":1,\n\n  \"sandbox\": {\n    \"raed\": []}}", "t:4:5: unknown member \"raed\"" },
		{ "{\"version\":1,\"sandbox\":{\"read\":[\"/a\",\"~/b\"]}}", NULL },
		{ "{\"version\":1,\"sandbox\":{\"read\":[\"/a\",\n\"b\"]}}", "t:2:1: must be an absolute path" },
		{ "{\"version\":1,\"sandbox\":{\"read\":[\"/a/../b\"]}}", "\"..\"" },
		{ "{\"version\":1,\"sandbox\":{\"read\":[\"/a/..b\"]}}", NULL },
		{ "{\"version\":1,\"sandbox\":{\"home\":\"private\"}}", NULL },
		{ "{\"version\":1,\"sandbox\":{\"home\":\"shared\"}}", "private|persistent" },
		{ "{\"version\":1,\"sandbox\":{\"sockets\":\"none\"}}", NULL },
		{ "{\"version\":1,\"audit\":{\"required\":true,\"sync\":false,\"calls\":\"all\",\"journald\":\"heads\",\"syslog\":\"lines\",\"max_size\":\"1M\",\"files\":3}}", NULL },
		{ "{\"version\":1,\"audit\":{\"required\":\"yes\"}}", "true or false" },
		{ "{\"version\":1,\"audit\":{\"calls\":\"none\"}}", "decided|all" },
		{ "{\"version\":1,\"audit\":{\"max_size\":\"1K\"}}", "must be from" },
		{ "{\"version\":1,\"audit\":{\"files\":101}}", "must be from" },
		{ "{\"version\":1,\"audit\":{\"path\":\"/x\"}}", "unknown member" },
		{ "{\"version\":1,\"agent\":{\"id\":\"a-1\",\"spiffe_id\":\"spiffe://x.org/a\"}}", NULL },
		{ "{\"version\":1,\"agent\":{\"id\":\"a 1\"}}", "without blanks" },
		{ "{\"version\":1,\"agent\":{\"spiffe_id\":\"https://x\"}}", "spiffe://" },
		{ "{\"version\":1,\"agent\":{\"spiffe_id\":\"spiffe:///a\"}}", "spiffe://" },
		{ "{\"version\":1,\"revocation\":{\"interval\":5,\"deny_after\":10,\"kill_after\":20,\"scim\":{\"url\":\"https://x.org/scim/v2\",\"id\":\"a.1\"}}}", NULL },
		{ "{\"version\":1,\"revocation\":{\"kill_after\":61}}", "must be from" },
		{ "{\"version\":1,\"revocation\":{\"kill_after\":5,\"deny_after\":6}}", "not be later" },
		{ "{\"version\":1,\"revocation\":{\"scim\":{\"id\":\"a\"}}}", "one of" },
		{ "{\"version\":1,\"revocation\":{\"scim\":{\"url\":\"http://x\",\"id\":\"a\"}}}", "https://" },
		{ "{\"version\":1,\"revocation\":{\"scim\":{\"url\":\"https://x?y\",\"id\":\"a\"}}}", "https://" },
		{ "{\"version\":1,\"revocation\":{\"scim\":{\"url\":\"https://x\",\"id\":\"../a\"}}}", "letters" },
		{ "{\"version\":1,\"revocation\":{\"scim\":{\"url\":\"https://x\",\"id\":\"..\"}}}", "dot" },
		{ "{\"version\":1,\"revocation\":{\"scim\":{\"url\":\"https://x\",\"socket\":\"/s\",\"id\":\"a\"}}}", "one of" },
		{ "{\"version\":1,\"sandbox\":{\"sockets\":\"inet\"}}", "none|unix" },
		{ "{\"version\":1,\"sandbox\":{\"new_names\":\"deny\"}}", NULL },
		{ "{\"version\":1,\"sandbox\":{\"new_names\":true}}", "must be" },
		{ "{\"version\":1,\"sandbox\":{\"unprotect\":[\"~/p/.git\"]}}", NULL },
		{ "{\"version\":1,\"sandbox\":{\"unprotect\":[\".git\"]}}", "must be an absolute path" },
		{ "{\"version\":1,\"sandbox\":{\"limits\":{\"memory\":\"64M\"}}}", NULL },
		{ "{\"version\":1,\"sandbox\":{\"limits\":{\"memory\":\"64X\"}}}", "like \"64M\"" },
		{ "{\"version\":1,\"sandbox\":{\"limits\":{\"memory\":\"17179869185G\"}}}", "at most" },
		{ "{\"version\":1,\"sandbox\":{\"limits\":{\"memory\":1}}}", "must be from" },
		{ "{\"version\":1,\"sandbox\":{\"limits\":{\"processes\":-1}}}", "positive" },
		{ "{\"version\":1,\"sandbox\":{\"limits\":{\"memory_total\":\"1G\",\"require_cgroup\":true}}}", NULL },
		{ "{\"version\":1,\"sandbox\":{\"limits\":{\"memory_total\":1}}}", "must be from" },
		{ "{\"version\":1,\"sandbox\":{\"limits\":{\"cpu_percent\":150}}}", NULL },
		{ "{\"version\":1,\"sandbox\":{\"limits\":{\"cpu_percent\":100001}}}", "must be from" },
		{ "{\"version\":1,\"sandbox\":{\"limits\":{\"require_cgroup\":\"yes\"}}}", "true or false" },
		{ "{\"version\":1,\"sandbox\":{\"env\":{\"pass\":[\"A\",\"B_*\"]}}}", NULL },
		{ "{\"version\":1,\"sandbox\":{\"env\":{\"pass\":[\"A-B\"]}}}", "name of a variable" },
		{ "{\"version\":1,\"sandbox\":{\"env\":{\"set\":{\"A\":\"b\"}}}}", NULL },
		{ "{\"version\":1,\"sandbox\":{\"env\":{\"set\":{\"A\":1}}}}", "must be a string" },
		{ "{\"version\":1,\"messages\":{\"tools\":[{\"match\":\"*\",\"then\":\"allow\"}]}}", NULL },
		{ "{\"version\":1,\"messages\":{\"tools\":[{\"match\":\"*\",\"then\":\"approve\"}]}}", NULL },
		{ "{\"version\":1,\"messages\":{\"tools\":[{\"match\":\"*\",\n\"then\":\"ask\"}]}}", "t:2:1: must be one of deny|approve|allow" },
		{ MESSAGES("\"tools\":[{\"match\":\"*\",\"then\":\"deny\",\"why\":1}]"), "unknown member \"why\" of a rule" },
		{ RULE("{\"/path\":{\"under\":[\"~/a\",\"/b\"],\"present\":true},\"/n/0\":{\"min\":-1,\"max\":9},\"/l/*/~1~0\":{\"equals\":[1,\"a\",null,true]}}"), NULL },
		{ RULE("{\"path\":{\"present\":true}}"), "JSON Pointer" },
		{ RULE("{\"\":{\"present\":true}}"), "JSON Pointer" },
		{ RULE("{\"/a~2\":{\"present\":true}}"), "JSON Pointer" },
		{ RULE("{\"/a\":{}}"), "an object with a condition" },
		{ RULE("{\"/a\":{\"like\":\"x\"}}"), "unknown condition" },
		{ RULE("{\"/a\":{\n\"under\":[\"/x\",\n\"b\"]}}"), "t:3:1: must be an absolute path" },
		{ RULE("{\"/a\":{\"under\":\"/x/../y\"}}"), "\"..\"" },
		{ RULE("{\"/a\":{\"min\":5,\"max\":4}}"), "min is greater" },
		{ RULE("{\"/a\":{\"max\":1.5}}"), "integers" },
		{ RULE("{\"/a\":{\"equals\":[[]]}}"), "must be a string, an integer" },
		{ RULE("{\"/a\":{\"equals\":[]}}"), "1 to" },
		{ RULE("{\"/a\":{\"prefix\":\"\"}}"), "not empty" },
		{ MESSAGES("\"resources\":[{\"match\":\"file://~/x/*\",\"then\":\"allow\"}]"), NULL },
		{ MESSAGES("\"resources\":[{\"match\":\"FILE:///x\",\"then\":\"allow\"}]"), "lower case" },
		{ MESSAGES("\"resources\":[{\"match\":\"file:///x/../y\",\"then\":\"allow\"}]"), "dots" },
		{ MESSAGES("\"resources\":[{\"match\":\"*\",\"then\":\"allow\",\"arguments\":{}}]"), "no arguments" },
		{ MESSAGES("\"server_requests\":\"answer\""), NULL },
		{ MESSAGES("\"server_requests\":{\"sampling\":\"deny\",\"roots\":\"answer\"}"), NULL },
		{ MESSAGES("\"server_requests\":{\"tools\":\"deny\"}"), "unknown member \"tools\"" },
		{ MESSAGES("\"roots\":[\"~/src\"],\"names\":\"any\",\"limits\":{\"result\":\"1M\",\"arguments\":4096}"), NULL },
		{ MESSAGES("\"roots\":[\"src\"]"), "absolute" },
		{ MESSAGES("\"limits\":{\"result\":\"1G\"}"), "must be from" },
		{ "{\"version\":1,\"approval\":{\"channel\":\"local\",\"timeout\":120,\"patience\":5}}", NULL },
		{ "{\"version\":1,\"approval\":{\"channel\":\"none\"}}", "local|elicitation|ciba" },
		{ "{\"version\":1,\"approval\":{\"timeout\":0}}", "from 1 to 3600" },
		{ "{\"version\":1,\"approval\":{\"timeout\":4000}}", "t:1:26: must be a number of seconds" },
		{ "{\"version\":1,\"approval\":{\"channel\":\"ciba\"}}", "go together" },
		{ "{\"version\":1,\"approval\":{\"channel\":\"local\",\"ciba\":" CIBA("https://as", "\"login_hint\":\"u\"") "}}", "go together" },
		{ "{\"version\":1,\"approval\":{\"channel\":\"ciba\",\"ciba\":" CIBA("https://as", "\"login_hint\":\"u\"") "}}", NULL },
		{ "{\"version\":1,\"approval\":{\"channel\":\"ciba\",\"ciba\":" CIBA("http://as", "\"login_hint\":\"u\"") "}}", "https" },
		{ "{\"version\":1,\"approval\":{\"channel\":\"ciba\",\"ciba\":" CIBA("https://a@b", "\"login_hint\":\"u\"") "}}", "https" },
		{ "{\"version\":1,\"approval\":{\"channel\":\"ciba\",\"ciba\":" CIBA("https://as", "\"key_id\":\"u\"") "}}", "exactly one" },
		{ "{\"version\":1,\"approval\":{\"channel\":\"ciba\",\"ciba\":" CIBA("https://as", "\"login_hint\":\"u\",\"id_token_hint_file\":\"/f\"") "}}", "exactly one" },
		{ "{\"version\":1,\"approval\":{\"channel\":\"ciba\",\"ciba\":" CIBA("https://as", "\"login_hint\":\"u\",\"registration\":\"x\"") "}}", "unknown member \"registration\"" },
		{ "{\"version\":1,\"pdp\":{\"type\":\"opa\",\"socket\":\"/run/opa\",\"path\":\"mcp/allow\"}}", NULL },
		{ "{\"version\":1,\"pdp\":{\"type\":\"opa\",\"socket\":\"/run/opa\"}}", "needs \"path\"" },
		{ "{\"version\":1,\"pdp\":{\"type\":\"authzen\",\"url\":\"https://pdp\"}}", NULL },
		{ "{\"version\":1,\"pdp\":{\"type\":\"authzen\",\"url\":\"http://pdp\"}}", "https" },
		{ "{\"version\":1,\"pdp\":{\"type\":\"authzen\",\"url\":\"https://pdp\",\"socket\":\"/a\"}}", "one of" },
		{ "{\"version\":1,\"messages\":{\"tools\":[{\"match\":\"*\"}]}}", "a rule is" },
		{ "{\"version\":1,\"messages\":{\"pii\":[\"pan\",\"email\"]}}", NULL },
		{ "{\"version\":1,\"messages\":{\"pii\":[\"pan\",\"shoe-size\"]}}", "no such class" },
		{ "{\"version\":1,\"messages\":{\"pii\":\"pan\"}}", "list of strings" },
		{ MESSAGES("\"pins\":\"tofu\""), "no such thing" },
		{ MESSAGES("\"pin\":\"tofu\",\"descriptions\":\"hide\",\"annotations\":{\"destructive\":\"deny\"}"), NULL },
		{ MESSAGES("\"pin\":\"on\""), "strict|tofu|off" },
		{ MESSAGES("\"annotations\":{\"readOnlyHint\":\"allow\"}"), "unknown member" },
		{ MESSAGES("\"rate\":{\"calls\":\"60/min\",\"result_bytes\":\"50M/day\",\"alert\":80}"), NULL },
		{ MESSAGES("\"rate\":[{\"per\":\"tool\",\"match\":\"a*\",\"tokens\":\"10K/hour\"},{\"per\":\"client\",\"calls\":\"1/sec\"}]"), NULL },
		{ MESSAGES("\"rate\":{\"calls\":\"0/min\"}"), "like \"60/min\"" },
		{ MESSAGES("\"rate\":{\"calls\":\"6/week\"}"), "like \"60/min\"" },
		{ MESSAGES("\"rate\":{\"calls\":60}"), "like \"60/min\"" },
		{ MESSAGES("\"rate\":{\"calls\":\"6X/min\"}"), "like \"60/min\"" },
		{ MESSAGES("\"rate\":{\"calls\":\"6MK/min\"}"), "like \"60/min\"" },
		{ MESSAGES("\"rate\":{\"alert\":80}"), "a rate needs" },
		{ MESSAGES("\"rate\":{\"calls\":\"1/sec\",\"alert\":101}"), "percentage" },
		{ MESSAGES("\"rate\":{\"per\":\"host\",\"calls\":\"1/sec\"}"), "server|client|tool" },
		{ MESSAGES("\"rate\":[{\"calls\":\"1/sec\"},\n{\"call\":\"1/sec\"}]"), "t:2:2: unknown member \"call\"" },
		{ "{\"version\":1,\"server\":\"a.b-c\"}", NULL },
		{ "{\"version\":1,\"server\":\"../a\"}", "must be a name" },
		{ "{\"version\":1,\"command\":[]}", "must not be empty" },
		{ "{\"version\":1,\"command\":[\"\"]}", "must not be empty" },
		{ "{\"version\":1,\"command\":[\"a\",\"\"]}", NULL },
		{ "{\"version\":1,\"command\":[\"a\",{\"from_file\":\"~/k\"}]}", NULL },
		{ "{\"version\":1,\"command\":[\"a\",{\"from_file\":\"k\"}]}", "absolute path" },
		{ "{\"version\":1,\"command\":[\"a\",{\"from_file\":\"/k\",\"x\":1}]}", "an argument is" },
		{ "{\"version\":1,\"command\":[{\"from_file\":\"/k\"}]}", "cannot come from a file" },
		{ "{\"version\":1,\"sandbox\":{\"env\":{\"from_file\":{\"A\":\"~/k\"}}}}", NULL },
		{ "{\"version\":1,\"sandbox\":{\"env\":{\"from_file\":{\"A\":\"k\"}}}}", "absolute path" },
		{ "{\"version\":1,\"sandbox\":{\"env\":{\"from_file\":{\"A\":1}}}}", "must be a path" },
		{ "{\"version\":1,\"sandbox\":{\"env\":{\"from_file\":{\"A-B\":\"/k\"}}}}", "name of a variable" },
		{ "{\"version\":1,\"sandbox\":{\"env\":{\"set\":{\"A\":\"b\"},\"from_file\":{\"A\":\"/k\"}}}}",
		  "both in set and in from_file" },
		{ "{\"version\":1,\"sandbox\":{\"overlay\":[\"~/p\",\"/srv/x\"]}}", NULL },
		{ "{\"version\":1,\"sandbox\":{\"overlay\":[\"p\"]}}", "absolute path" },
		{ "{\"version\":1,\"sandbox\":{\"overlay\":\"/p\"}}", "list of strings" },
		{ "[]", "must be an object" },
		{ "{\"version\":1,\"version\":1}", "duplicate" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct policy p = {0};
		struct err err = {0};
		int r = load_text(rows[i].text, strlen(rows[i].text), "t", "/home/u", &p, &err);

		if ((r < 0) != (rows[i].words != NULL) || (r < 0 && !strstr(err.text, rows[i].words)))
			fail_msg("%s: %d %s", rows[i].text, r, err.text);
		policy_done(&p);
	}
}

static void every_profile_loads(void **state)
{
	(void)state;
	for (size_t i = 0; i < n_profiles; i++) {
		struct policy p = {0};
		struct err err = {0};

		if (load_text(profiles[i].text, strlen(profiles[i].text), profiles[i].name, "/h", &p, &err) < 0)
			fail_msg("%s", err.text);
		policy_done(&p);
	}
}

static struct policy merged(const char *strong, const char *weak)
{
	struct bundle b = {0};
	struct policy p = {0};
	struct err err = {0};

	if (bundle_add(&b, "strong", strong, strlen(strong), &err) < 0 ||
	    bundle_add(&b, "weak", weak, strlen(weak), &err) < 0 || bundle_merge(&b, "/home/u", &p, &err) < 0)
		fail_msg("%s", err.text);
	bundle_done(&b);
	return p;
}

static void a_weaker_layer_only_tightens(void **state)
{
	struct policy p = merged(
		"{\"version\":1,\"sandbox\":{\"read\":[\"/a\"],\"home\":\"private\",\"limits\":{\"processes\":10,"
		"\"memory_total\":\"2G\",\"cpu_percent\":50,\"require_cgroup\":true},"
		"\"env\":{\"pass\":[\"A_*\"],\"set\":{\"X\":\"1\"}}},\"messages\":{\"tools\":[{\"match\":\"a*\",\"then\":\"allow\"}],"
		"\"tokens\":\"redact\",\"pii\":[\"pan\"],\"server_requests\":\"deny\"}}",
		"{\"version\":1,\"sandbox\":{\"read\":[\"/a/b\",\"/c\"],\"home\":\"persistent\",\"limits\":{\"processes\":20,"
		"\"memory_total\":\"1G\",\"cpu_percent\":80,\"require_cgroup\":false},"
		"\"env\":{\"pass\":[\"A_B\",\"C\"],\"set\":{\"X\":\"2\",\"Y\":\"3\"}}},\"messages\":{\"tools\":[{\"match\":\"*b\",\"then\":\"allow\"}],"
		"\"tokens\":\"off\",\"pii\":[\"email\"],\"server_requests\":\"pass\"}}");

	(void)state;
	assert_int_equal(p.sandbox.read.n, 2);
	assert_int_equal(p.sandbox.n_ceilings, 1);
	assert_string_equal(p.sandbox.ceilings[0].read.v[0], "/a");
	assert_int_equal(p.sandbox.home, POLICY_HOME_PRIVATE);
	assert_int_equal(p.sandbox.limits.processes, 10);
	assert_true(p.sandbox.limits.memory_total == (uint64_t)1 << 30);
	assert_int_equal(p.sandbox.limits.cpu_percent, 50);
	assert_true(p.sandbox.limits.require_cgroup);
	assert_int_equal(p.sandbox.env_pass.n, 1);
	assert_string_equal(p.sandbox.env_pass.v[0], "A_B");
	assert_true(strv_has(&p.sandbox.env_set, "X=1"));
	assert_true(strv_has(&p.sandbox.env_set, "Y=3"));
	assert_int_equal(p.messages.tokens, POLICY_TOKENS_REDACT);
	assert_true(p.messages.personal == (scan_personal("pan") | scan_personal("email")));
	assert_int_equal(policy_decide_request(&p, "roots/list", 10), POLICY_REQUESTS_DENY);
	assert_int_equal(policy_decide_tool(&p, "ab", 2, NULL), POLICY_ALLOW);
	assert_int_equal(policy_decide_tool(&p, "ac", 2, NULL), POLICY_DENY);
	assert_int_equal(policy_decide_tool(&p, "cb", 2, NULL), POLICY_DENY);
	assert_int_equal(p.notes.n, 2);
	policy_done(&p);
}

static void who_is_asked_is_the_stronger_layers_to_say(void **state)
{
	struct policy p = merged(
		"{\"version\":1,\"approval\":{\"channel\":\"ciba\",\"timeout\":60,\"ciba\":" CIBA("https://as", "\"login_hint\":\"u\"") "},"
		"\"pdp\":{\"type\":\"authzen\",\"url\":\"https://strong\"},"
		"\"messages\":{\"tools\":[{\"match\":\"w*\",\"then\":\"approve\"},{\"match\":\"*\",\"then\":\"allow\"}]}}",
		"{\"version\":1,\"approval\":{\"channel\":\"local\",\"timeout\":600},\"pdp\":{\"type\":\"authzen\",\"url\":\"https://weak\"},"
		"\"messages\":{\"tools\":[{\"match\":\"wd\",\"then\":\"deny\"},{\"match\":\"*\",\"then\":\"allow\"}]}}");

	(void)state;
	assert_int_equal(p.approval.channel, POLICY_CHANNEL_CIBA);
	assert_string_equal(p.approval.ciba.client.issuer, "https://as");
	assert_int_equal(p.approval.timeout, 60);
	assert_string_equal(p.pdp.url, "https://strong");
	assert_int_equal(p.notes.n, 2);
	assert_true(policy_wants_person(&p));
	assert_int_equal(policy_decide_tool(&p, "wx", 2, NULL), POLICY_APPROVE);
	assert_int_equal(policy_decide_tool(&p, "wd", 2, NULL), POLICY_DENY);
	assert_int_equal(policy_decide_tool(&p, "r", 1, NULL), POLICY_ALLOW);
	policy_done(&p);
	/* A weaker layer may ask for approval where a stronger one allows. */
	p = merged("{\"version\":1}", "{\"version\":1,\"messages\":{\"tools\":[{\"match\":\"*\",\"then\":\"approve\"}]}}");
	assert_int_equal(policy_decide_tool(&p, "r", 1, NULL), POLICY_APPROVE);
	assert_int_equal(p.approval.channel, POLICY_CHANNEL_LOCAL);
	policy_done(&p);
}

/* policy.json of the administrator: it grants nothing, and bounds every server. */
static void what_holds_for_every_server_bounds_what_a_file_grants(void **state)
{
	static const char all[] = "{\"version\":1,\"sandbox\":{\"read\":[\"/srv\"],\"write\":[]}}";
	static const char one[] = "{\"version\":1,\"sandbox\":{\"read\":[\"/srv/a\"]}}";
	static const char two[] = "{\"version\":1,\"sandbox\":{\"read\":[\"/srv/a/b\"],\"write\":[\"/w\"]}}";
	struct bundle b = {0};
	struct policy p = {0};
	struct err err = {0};

	(void)state;
	assert_int_equal(bundle_add(&b, "policy.json", all, sizeof(all) - 1, &err), 0);
	b.v[0].is_ceiling = true;
	assert_int_equal(bundle_merge(&b, "/home/u", &p, &err), 0);
	assert_false(p.sandbox.has_read);
	assert_int_equal(p.sandbox.n_ceilings, 1);
	assert_true(p.sandbox.ceilings[0].has_write);
	policy_done(&p);

	assert_int_equal(bundle_add(&b, "servers/x.json", one, sizeof(one) - 1, &err), 0);
	assert_int_equal(bundle_add(&b, "command line", two, sizeof(two) - 1, &err), 0);
	assert_int_equal(bundle_merge(&b, "/home/u", &p, &err), 0);
	assert_string_equal(p.sandbox.read.v[0], "/srv/a/b");
	assert_int_equal(p.sandbox.n_ceilings, 2);
	assert_string_equal(p.sandbox.ceilings[0].read.v[0], "/srv");
	assert_int_equal(p.sandbox.ceilings[0].write.n, 0);
	assert_string_equal(p.sandbox.ceilings[1].read.v[0], "/srv/a");
	policy_done(&p);
	bundle_done(&b);
}

static void a_bundle_survives_being_written_and_read(void **state)
{
	struct bundle b = {0}, c = {0};
	struct err err = {0};
	char *text;
	size_t len;

	(void)state;
	assert_int_equal(bundle_add(&b, "one", "{\"version\":1}", 13, &err), 0);
	assert_int_equal(bundle_write(&b, &text, &len, &err), 0);
	assert_int_equal(bundle_read(text, len, &c, &err), 0);
	assert_int_equal(c.n, 1);
	assert_string_equal(c.v[0].text, "{\"version\":1}");
	assert_true(bundle_read("{}", 2, &b, &err) < 0);
	free(text);
	bundle_done(&b);
	bundle_done(&c);
}

static void a_profile_is_for_its_scope_only(void **state)
{
	static const struct {
		const char *package, *profile;
	} rows[] = {
		{ "@modelcontextprotocol/server-filesystem", "server-filesystem" },
		{ "@evil/server-filesystem", "default" },
		{ "server-filesystem", "default" },
		{ NULL, "default" },
	};
	const struct bundle_places places = { "/nonexistent", "/nonexistent" };

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct bundle b = {0};
		const char *profile;

		assert_int_equal(bundle_find_profile(&places, rows[i].package, NULL, &b, &profile, NULL), 0);
		assert_string_equal(profile, rows[i].profile);
		bundle_done(&b);
	}
}

static void globs_match_whole_names(void **state)
{
	static const struct {
		const char *glob, *name;
		bool fits;
	} rows[] = {
		{ "a", "a", true },	   { "a", "A", false },	    { "a", "ab", false },
		{ "a*", "ab", true },	   { "*b", "ab", true },    { "a*b*c", "axxbyyc", true },
		{ "a*b*c", "axxbyy", false }, { "?", "x", true },   { "?", "", false },
		{ "*", "", true },	   { "", "", true },	    { "", "x", false },
		{ "a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		assert_int_equal(match_glob(rows[i].glob, rows[i].name, strlen(rows[i].name)), rows[i].fits);
}

static void an_overlay_of_a_stronger_layer_bounds_writing(void **state)
{
	struct policy p = merged("{\"version\":1,\"sandbox\":{\"overlay\":[\"/srv\"]}}",
				 "{\"version\":1,\"sandbox\":{\"write\":[\"/srv/a\"]}}");

	(void)state;
	assert_int_equal(p.sandbox.n_ceilings, 1);
	assert_true(p.sandbox.ceilings[0].has_overlay);
	assert_false(p.sandbox.ceilings[0].has_write);
	assert_string_equal(p.sandbox.ceilings[0].overlay.v[0], "/srv");
	assert_string_equal(p.sandbox.overlay.v[0], "/srv");
	policy_done(&p);
	p = merged("{\"version\":1,\"sandbox\":{\"overlay\":[\"/srv\"]}}",
		   "{\"version\":1,\"sandbox\":{\"overlay\":[\"/srv/a\"]}}");
	assert_string_equal(p.sandbox.ceilings[0].overlay.v[0], "/srv");
	assert_int_equal(p.sandbox.overlay.n, 1);
	assert_string_equal(p.sandbox.overlay.v[0], "/srv/a");
	policy_done(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loading_accepts_what_this_version_does_and_nothing_else),
		cmocka_unit_test(an_overlay_of_a_stronger_layer_bounds_writing),
		cmocka_unit_test(every_profile_loads),
		cmocka_unit_test(a_weaker_layer_only_tightens),
		cmocka_unit_test(who_is_asked_is_the_stronger_layers_to_say),
		cmocka_unit_test(what_holds_for_every_server_bounds_what_a_file_grants),
		cmocka_unit_test(a_bundle_survives_being_written_and_read),
		cmocka_unit_test(a_profile_is_for_its_scope_only),
		cmocka_unit_test(globs_match_whole_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
