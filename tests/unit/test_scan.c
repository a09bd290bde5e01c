/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens are put together at run time: none stands in the tree. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "common/needles.h"
#include "common/secrets.h"
#include "common/strv.h"
#include "launcher/secrets.h"
#include "scan/formats.h"
#include "scan/prefilter.h"
#include "scan/scan.h"
#include "scan/tables.h"
#include "tests/unit/scan_make.h"

#define SPANS 64

static struct scan_span spans[SPANS];

static struct scan *open_plain(const char *personal)
{
	struct scan_config config = { .personal = personal ? scan_personal(personal) : 0 };
	struct scan *s;

	assert_int_equal(scan_open(NULL, 0, &s, NULL), 0);
	scan_configure(s, &config);
	return s;
}

static size_t count(const struct scan *s, const char *text)
{
	return scan_text(s, NULL, 0, text, strlen(text), spans, SPANS);
}

/* --- formats --------------------------------------------------------------------------------- */

/* Around a token: what ends and begins words in text, JSON, code, logs, escapes. */
static const struct {
	const char *before, *behind;
} around[] = {
	{ "", "" },	   { "is it \"", "\", next" }, { "`", "` was" }, { "(", ")" },
	{ "{\"a\":\"", "\"}" }, { "| x | ", " | y |" },     { "a=", "&b" },	 { "see ", ". Next" },
	{ "\\n", "\\n" },  { "%3D", "%26" },	       { "'", "'" },	 { "\x1b[31m", "\x1b[0m" },
	{ "\xe2\x80\x9c", "\xe2\x80\x9d" },
};

/* Is all of the text, and nothing less, an instance of the class? */
static bool is_whole(const struct scan *s, const char *text, const char *class)
{
	size_t len = strlen(text);

	return scan_text(s, NULL, 0, text, len, spans, SPANS) == 1 && spans[0].start == 0 &&
	       spans[0].end == len && !strcmp(spans[0].class, class);
}

static void every_format_is_found_whole_in_all_surroundings(void **state)
{
	static char token[MAKE_MAX], text[2 * MAKE_MAX];
	struct scan *s = open_plain(NULL);

	(void)state;
	for (size_t i = 0; i < formats_n; i++)
		for (size_t k = 0; k < sizeof(around) / sizeof(*around) * 2; k++) {
			const struct format *f = &formats[i];
			size_t len = make_token(f, k & 1 ? MAKE_MOST : MAKE_LEAST, token), n;
			size_t at = strlen(around[k / 2].before);

			/* A run that may have '%' takes it. */
			if (around[k / 2].behind[0] == '%' && strchr(f->after, 'w'))
				continue;
			snprintf(text, sizeof(text), "%s%s%s", around[k / 2].before, token,
				 around[k / 2].behind);
			n = count(s, text);
			if (n != 1 || spans[0].start != at || spans[0].end != at + len)
				fail_msg("%s %s in %s: %zu spans, %zu-%zu %s, expected %zu-%zu", f->class,
					 f->literal, text, n, n ? spans[0].start : 0,
					 n ? spans[0].end : 0, n ? spans[0].class : "", at, at + len);
		}
	scan_close(s);
}

static void a_character_too_few_or_too_many_is_another_word(void **state)
{
	static char token[MAKE_MAX];
	struct scan *s = open_plain(NULL);

	(void)state;
	for (size_t i = 0; i < formats_n; i++) {
		const struct format *f = &formats[i];
		struct format_item item = {0};
		const char *p = f->after[0] ? f->after : f->before;

		if (f->check == CHECK_JWT || f->check == CHECK_DISCORD || f->check == CHECK_PEM)
			continue;
		while (formats_next(&p, &item))
			;
		make_token(f, MAKE_SHORTER, token);
		if (is_whole(s, token, f->class))
			fail_msg("%s: found though too short: %s", f->class, token);
		if (item.max > item.min + 400)
			continue;
		make_token(f, MAKE_LONGER, token);
		if (is_whole(s, token, f->class))
			fail_msg("%s: found though too long: %s", f->class, token);
	}
	scan_close(s);
}

static void there_are_the_classes_that_are_promised(void **state)
{
	size_t classes = 0;

	(void)state;
	for (size_t i = 0; i < formats_n; i++) {
		bool is_new = true;

		for (size_t k = 0; k < i; k++)
			is_new &= strcmp(formats[k].class, formats[i].class) != 0;
		classes += is_new;
	}
	assert_true(classes >= 150);
}

/* A checksum makes certain, and lifts the boundary; without it the token is redacted too. */
static void checksums_raise_confidence_and_suppress_nothing(void **state)
{
	static char token[MAKE_MAX], text[2 * MAKE_MAX];
	struct scan *s = open_plain(NULL);

	(void)state;
	for (size_t i = 0; i < formats_n; i++) {
		const struct format *f = &formats[i];
		size_t len;

		if (f->check == CHECK_NONE || f->check > CHECK_CLOUDFLARE)
			continue;
		len = make_token(f, MAKE_LEAST, token);
		assert_int_equal(count(s, token), 1);
		assert_true(spans[0].certain);
		snprintf(text, sizeof(text), "x%sy", token);
		if (f->check != CHECK_CLOUDFLARE && (count(s, text) != 1 || spans[0].end != len + 1))
			fail_msg("%s: lost in a longer word", f->class);
		token[len - 1] = token[len - 1] == '0' ? '1' : '0';
		assert_int_equal(count(s, token), 1);
		assert_false(spans[0].certain);
		snprintf(text, sizeof(text), "x%sy", token);
		assert_int_equal(count(s, text), 0);
	}
	scan_close(s);
}

/* --- evasion --------------------------------------------------------------------------------- */

typedef size_t wrap(const char *in, size_t len, char *out);

static size_t wrap_each(const char *in, size_t len, char *out, const char *before, const char *behind,
			const char *digits)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		n += (size_t)sprintf(out + n, "%s", before);
		if (digits) {
			out[n++] = digits[(unsigned char)in[i] >> 4];
			out[n++] = digits[in[i] & 15];
		} else {
			out[n++] = in[i];
		}
		n += (size_t)sprintf(out + n, "%s", behind);
	}
	out[n] = '\0';
	return n;
}

static const char hex_small[] = "0123456789abcdef", hex_large[] = "0123456789ABCDEF";

static size_t wrap_hex(const char *in, size_t len, char *out)
{
	return wrap_each(in, len, out, "", "", hex_small);
}

static size_t wrap_hex_upper(const char *in, size_t len, char *out)
{
	return wrap_each(in, len, out, "", "", hex_large);
}

static size_t wrap_percent(const char *in, size_t len, char *out)
{
	return wrap_each(in, len, out, "%", "", hex_large);
}

static size_t wrap_unicode(const char *in, size_t len, char *out)
{
	return wrap_each(in, len, out, "\\u00", "", hex_small);
}

static size_t wrap_unicode_twice(const char *in, size_t len, char *out)
{
	return wrap_each(in, len, out, "\\\\u00", "", hex_small);
}

static size_t wrap_c(const char *in, size_t len, char *out)
{
	return wrap_each(in, len, out, "\\x", "", hex_small);
}

static size_t wrap_reference(const char *in, size_t len, char *out)
{
	return wrap_each(in, len, out, "&#x", ";", hex_small);
}

static size_t wrap_zero_width(const char *in, size_t len, char *out)
{
	return wrap_each(in, len, out, "", "\xe2\x80\x8b", NULL);
}

static size_t wrap_soft_hyphen(const char *in, size_t len, char *out)
{
	return wrap_each(in, len, out, "", "\xc2\xad", NULL);
}

static size_t wrap_combining(const char *in, size_t len, char *out)
{
	return wrap_each(in, len, out, "", "\xcc\x81", NULL);
}

static size_t wrap_wide(const char *in, size_t len, char *out)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned int c = (unsigned char)in[i] + 0xfee0U;

		out[n++] = (char)0xef;
		out[n++] = (char)(0x80 | (c >> 6 & 63));
		out[n++] = (char)(0x80 | (c & 63));
	}
	out[n] = '\0';
	return n;
}

static size_t wrap_base64(const char *in, size_t len, char *out)
{
	return make_base64(in, len, out, make_std, 1);
}

static size_t wrap_base64url(const char *in, size_t len, char *out)
{
	return make_base64(in, len, out, make_url, 0);
}

static size_t wrap_base32(const char *in, size_t len, char *out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
	size_t n = 0;

	for (size_t bit = 0; bit < 8 * len; bit += 5) {
		unsigned int two = (unsigned int)(unsigned char)in[bit / 8] << 8;

		two |= bit / 8 + 1 < len ? (unsigned char)in[bit / 8 + 1] : 0;
		out[n++] = alphabet[two >> (11 - bit % 8) & 31];
	}
	while (n % 8)
		out[n++] = '=';
	out[n] = '\0';
	return n;
}

static size_t wrap_inside(const char *in, size_t len, char *out, size_t offset)
{
	static char buf[MAKE_MAX + 64];

	memset(buf, 0xff, offset);
	memcpy(buf + offset, in, len);
	memcpy(buf + offset + len, "\x01\x02\x03\x04", 4);
	return make_base64(buf, offset + len + 4, out, make_std, 1);
}

static size_t wrap_binary0(const char *in, size_t len, char *out)
{
	return wrap_inside(in, len, out, 30);
}

static size_t wrap_binary1(const char *in, size_t len, char *out)
{
	return wrap_inside(in, len, out, 31);
}

static size_t wrap_binary2(const char *in, size_t len, char *out)
{
	return wrap_inside(in, len, out, 32);
}

static size_t wrap_lines(const char *in, size_t len, char *out)
{
	static char once[4 * MAKE_MAX];
	size_t n = wrap_inside(in, len, once, 31), k = 0;

	for (size_t i = 0; i < n; i++) {
		out[k++] = once[i];
		if (i % 76 == 75)
			out[k++] = '\n';
	}
	out[k] = '\0';
	return k;
}

static size_t wrap_twice(const char *in, size_t len, char *out)
{
	static char once[4 * MAKE_MAX];
	size_t n = wrap_base64(in, len, once);

	return wrap_base64(once, n, out);
}

static size_t wrap_percent_of_base64(const char *in, size_t len, char *out)
{
	static char once[4 * MAKE_MAX];
	size_t n = wrap_base64(in, len, once);

	return wrap_percent(once, n, out);
}

static void every_format_is_found_when_it_is_wrapped(void **state)
{
	static const struct {
		const char *name;
		wrap *wrap;
		bool keeps_blanks; /* a key of several lines and words is not put together */
		bool is_inside;	   /* of something else, which may stay */
	} ways[] = {
		{ "hexadecimal", wrap_hex, false, false },
		{ "hexadecimal, capitals", wrap_hex_upper, false, false },
		{ "percent", wrap_percent, false, false },
		{ "\\u", wrap_unicode, false, false },
		{ "\\\\u", wrap_unicode_twice, false, false },
		{ "\\x", wrap_c, false, false },
		{ "&#x", wrap_reference, false, false },
		{ "zero width", wrap_zero_width, true, false },
		{ "soft hyphen", wrap_soft_hyphen, true, false },
		{ "combining", wrap_combining, true, false },
		{ "wide", wrap_wide, true, false },
		{ "base64", wrap_base64, false, false },
		{ "base64url", wrap_base64url, false, false },
		{ "base32", wrap_base32, false, false },
		{ "base64, binary, 0", wrap_binary0, false, true },
		{ "base64, binary, 1", wrap_binary1, false, true },
		{ "base64, binary, 2", wrap_binary2, false, true },
		{ "base64 in lines", wrap_lines, false, true },
		{ "base64 twice", wrap_twice, false, false },
		{ "percent of base64", wrap_percent_of_base64, false, false },
	};
	static char token[MAKE_MAX], text[16 * MAKE_MAX];
	struct scan *s = open_plain(NULL);

	(void)state;
	for (size_t i = 0; i < formats_n; i++) {
		size_t len = make_token(&formats[i], MAKE_LEAST, token);

		for (size_t k = 0; k < sizeof(ways) / sizeof(*ways); k++) {
			size_t n = (size_t)sprintf(text, "look: ");

			if (formats[i].check == CHECK_PEM && ways[k].keeps_blanks)
				continue;
			n += ways[k].wrap(token, len, text + n);
			sprintf(text + n, " and");
			if (!count(s, text))
				fail_msg("%s as %s: not found: %s", formats[i].class, ways[k].name, text);
			if (!ways[k].is_inside && (spans[0].start != 6 || spans[0].end != n))
				fail_msg("%s as %s: %zu-%zu of %zu in %s", formats[i].class, ways[k].name,
					 spans[0].start, spans[0].end, n, text);
		}
	}
	scan_close(s);
}

static void letters_that_look_alike_hide_nothing(void **state)
{
	struct scan *s = open_plain(NULL);
	char body[64], text[256];

	(void)state;
	make_run(body, SET_B62, 32);
	/* Cyrillic a, e, o, p, c for Latin ones. */
	snprintf(text, sizeof(text), "gh\xd1\x80_\xd0\xb0%s\xd0\xb5\xd0\xbe\xd1\x81", body);
	assert_int_equal(count(s, text), 1);
	snprintf(text, sizeof(text), "\xd0\xbf\xd1\x80\xd0\xb8\xd0\xbc\xd0\xb5\xd1\x80 %s", body);
	assert_int_equal(count(s, text), 0);
	scan_close(s);
}

/* --- context ------------------------------------------------------------------------------- */

static void context_finds_values_and_leaves_placeholders(void **state)
{
	static const struct {
		const char *text; /* '~' is a value that chance made */
		size_t n;
	} rows[] = {
		{ "postgres://u:s3cr3tpw@h/db", 1 }, { "postgres://u@h/db", 0 },
		{ "https://u:${PASSWORD}@h", 0 }, { "https://h/a:b@c", 0 },
		{ "postgres://user:password@localhost:5432/db", 0 },
		{ "redis://:p4ssp4ss99@h:6379", 1 }, { "http://h:8080/path@v2", 0 },
		{ "Authorization: Bearer ~", 1 }, { "authorization: ~", 1 },
		{ "Authorization: Bearer <your token here>", 0 },
		{ "Authorization: Basic dXNlcjpzM2NyM3RwYXNz", 1 },
		{ "Authorization: Basic authentication", 0 },
		{ "the bearer of this letter1234", 0 },
		{ "\"apiKey\": \"~\"", 1 }, { "\"apiKey\": \"your-api-key-here-0000\"", 0 },
		{ "{\\\"apiKey\\\": \\\"~\\\"}", 1 },
		{ "API_KEY=~", 1 }, { "api_key = config.get('api_key')", 0 },
		{ "client_secret=~&x=1", 1 }, { "max_tokens: 4096", 0 },
		{ "token: 123e4567-e89b-12d3-a456-426614174000", 0 },
		{ "password: hunter7!zebra", 1 }, { "password: correct", 0 },
		{ "password = \"Tr0ub4dor\"", 1 }, { "password = getPassword()", 0 },
		{ "if (password === confirm1) {", 0 }, { "PASSWORD_MIN_LENGTH = 12", 0 },
		{ "machine h login me password s3cr3tpw", 1 }, { "tool --token ~", 1 },
		{ "Cookie: theme=dark1234; sid=~; x=1", 1 }, { "Cookie: theme=dark1234", 0 },
		{ "Set-Cookie: __Host-a=~; Path=/", 1 },
		{ "?code=~&state=1", 1 }, { "code=404", 0 },
		{ "code_verifier=~~", 1 }, { "Mcp-Session-Id: 123e4567-e89b-12d3-a456-426614174000", 1 },
		{ "\"progressToken\": \"~\"", 0 }, { "\"nextPageToken\": \"~\"", 0 },
		{ "?sv=2024&sig=~~%3D", 1 },
		{ "Server=h;Password=Tr0ub4dor;Database=d", 1 },
		{ "AccountKey=~~==;x", 1 }, { "\"auth\":\"dXNlcjpzM2NyM3RwYXNz\"", 1 },
		{ "\"auth\": \"none\"", 0 }, { "AWS_SECRET_ACCESS_KEY=~", 1 },
		{ "[REDACTED:github-pat] [REDACTED:environment]", 0 },
		{ "Authorization: Bearer [REDACTED:jwt]", 0 }, { "password=[REDACTED:password]", 0 },
		{ "mnemonic: apple bridge canyon dolphin eagle forest garden harbor island jungle kettle "
		  "lemon", 1 },
		{ "if (s.indexOf(\"" "-----BEGIN " "PRIVATE KEY-----\") !== 0)", 0 },
		{ "const mcpSessionId = req.query.session;", 0 }, { "Basic SFNT/TrueType tables", 0 },
		{ "secretName: my-app-tls", 0 }, { "private_key_path = '/etc/ssl/key1.pem'", 0 },
	};
	struct scan *s = open_plain(NULL);
	char text[512];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		size_t n = 0, found;

		for (const char *p = rows[i].text; *p; p++)
			if (*p == '~')
				n += make_run(text + n, SET_B62, 36) - 2 + (size_t)sprintf(text + n + 34, "k3");
			else
				text[n++] = *p;
		text[n] = '\0';
		found = count(s, text);
		if (found != rows[i].n)
			fail_msg("%s: %zu, expected %zu", text, found, rows[i].n);
	}
	scan_close(s);
}

static void the_name_of_a_member_is_context(void **state)
{
	struct scan *s = open_plain("all");
	char value[64];

	(void)state;
	make_run(value, SET_B62, 38);
	strcat(value, "k3");
	assert_int_equal(scan_text(s, "apiKey", 6, value, 40, spans, SPANS), 1);
	assert_int_equal(spans[0].end, 40);
	assert_int_equal(scan_text(s, "keyId", 5, value, 40, spans, SPANS), 0);
	assert_int_equal(scan_text(s, NULL, 0, value, 40, spans, SPANS), 0);
	assert_int_equal(scan_text(s, "password", 8, "Tr0ub4dor", 9, spans, SPANS), 1);
	assert_int_equal(scan_text(s, "password", 8, "required", 8, spans, SPANS), 0);
	assert_int_equal(scan_text(s, "Authorization", 13, "Bearer a1b9cdef04k3s5x7qbcdef", 29, spans,
				   SPANS), 1);
	assert_int_equal(spans[0].start, 7);
	assert_int_equal(scan_text(s, "cardNumber", 10, "4111111111111111", 16, spans, SPANS), 1);
	assert_int_equal(scan_text(s, "orderNumber", 11, "4111111111111111", 16, spans, SPANS), 0);
	scan_close(s);
}

/* --- personal data ----------------------------------------------------------------------------- */

/* Numbers that the rules are published with, or made by hand after them. */
static const struct {
	const char *class, *text, *number;
} people[] = {
	{ "pan", "card 4111111111111111.", "4111111111111111" },
	{ "pan", "5555-5555-5555-4444", "5555-5555-5555-4444" },
	{ "pan", "amex 3782 822463 10005", "3782 822463 10005" },
	{ "iban", "to GB82WEST12345698765432 today", "GB82WEST12345698765432" },
	{ "iban", "DE89 3704 0044 0532 0130 00", "DE89 3704 0044 0532 0130 00" },
	{ "us-ssn", "SSN: 536-90-4399", "536-90-4399" },
	{ "us-itin", "ITIN 912-71-1234", "912-71-1234" },
	{ "us-ein", "EIN: 12-3456789", "12-3456789" },
	{ "uk-nino", "NINO AB123456C", "AB123456C" },
	{ "uk-nhs", "NHS number 943 476 5919", "943 476 5919" },
	{ "fr-nir", "NIR: 255081416802538", "255081416802538" },
	{ "es-dni", "DNI 12345678Z", "12345678Z" },
	{ "es-nie", "NIE: X1234567L", "X1234567L" },
	{ "pl-pesel", "PESEL: 44051401359", "44051401359" },
	{ "nl-bsn", "BSN: 111222333", "111222333" },
	{ "it-cf", "RSSMRA85T10A562S", "RSSMRA85T10A562S" },
	{ "de-steuerid", "Steuer-ID: 86095742719", "86095742719" },
	{ "pt-nif", "NIF: 123456789", "123456789" },
	{ "no-fnr", "fnr: 01010750160", "01010750160" },
	{ "fi-hetu", "131052-308T", "131052-308T" },
	{ "se-personnummer", "19811228-9874", "19811228-9874" },
	{ "ch-ahv", "756.9217.0769.85", "756.9217.0769.85" },
	{ "dk-cpr", "CPR 070761-4285", "070761-4285" },
	{ "br-cpf", "111.444.777-35", "111.444.777-35" },
	{ "br-cnpj", "11.222.333/0001-81", "11.222.333/0001-81" },
	{ "in-aadhaar", "aadhaar 2341 2341 2346", "2341 2341 2346" },
	{ "in-pan", "PAN card: ABCPE1234F", "ABCPE1234F" },
	{ "kr-rrn", "RRN: 900101-1234567", "900101-1234567" },
	{ "cn-resident-id", "11010519491231002X", "11010519491231002X" },
	{ "tr-tckn", "TCKN 10000000146", "10000000146" },
	{ "sg-nric", "NRIC: S1234567D", "S1234567D" },
	{ "za-id", "SA ID number 8001015009087", "8001015009087" },
	{ "ca-sin", "SIN: 046 454 286", "046 454 286" },
	{ "au-tfn", "TFN 123 456 782", "123 456 782" },
	{ "cl-rut", "12.345.678-5", "12.345.678-5" },
	{ "dob", "date of birth: 1970-01-30", "1970-01-30" },
	{ "passport", "passport number: LQ4469450", "LQ4469450" },
	{ "driver-licence", "driver license D1234567", "D1234567" },
	{ "email", "From: jane.doe@mail.test.org", "jane.doe@mail.test.org" },
	{ "phone", "call +44 20 7946 0958 now", "+44 20 7946 0958" },
	{ "ipv4", "client 81.73.254.192 came", "81.73.254.192" },
	{ "ipv6", "peer 2a04:6b0e:a28::f38c came", "2a04:6b0e:a28::f38c" },
	{ "mac-address", "wlan0 09:bd:c0:33:91:6f", "09:bd:c0:33:91:6f" },
};

static void every_class_of_personal_data_is_found_when_it_is_on(void **state)
{
	struct scan *off = open_plain(NULL);
	char wrong[128];

	(void)state;
	for (size_t i = 0; i < sizeof(people) / sizeof(*people); i++) {
		struct scan *on = open_plain(people[i].class);
		const char *at = strstr(people[i].text, people[i].number);
		size_t start = (size_t)(at - people[i].text), n = count(on, people[i].text);

		if (n != 1 || strcmp(spans[0].class, people[i].class) != 0 || spans[0].start != start ||
		    spans[0].end != start + strlen(people[i].number))
			fail_msg("%s: %zu spans, %zu-%zu", people[i].text, n, spans[0].start, spans[0].end);
		if (count(off, people[i].text))
			fail_msg("%s: found though it is off", people[i].text);
		/* A digit more is another number. */
		snprintf(wrong, sizeof(wrong), "%.*s9%s", (int)(start + strlen(people[i].number)),
			 people[i].text, people[i].text + start + strlen(people[i].number));
		if (strcmp(people[i].class, "email") != 0 && strcmp(people[i].class, "phone") != 0 &&
		    strcmp(people[i].class, "driver-licence") != 0 && count(on, wrong) &&
		    spans[0].end == start + strlen(people[i].number))
			fail_msg("%s: found", wrong);
		scan_close(on);
	}
	for (size_t i = 0; scan_personal_name(i); i++) {
		bool has_row = false;

		for (size_t k = 0; k < sizeof(people) / sizeof(*people); k++)
			has_row |= !strcmp(people[k].class, scan_personal_name(i));
		if (!has_row)
			fail_msg("%s: has no row here", scan_personal_name(i));
	}
	assert_true(scan_personal("pan") && !scan_personal("no-such-class"));
	scan_close(off);
}

static void personal_data_alone_leaves_tokens(void **state)
{
	struct scan_config config = { .personal = scan_personal("email"), .personal_only = true };
	struct scan *s = open_plain(NULL);
	char token[MAKE_MAX], text[2 * MAKE_MAX];

	(void)state;
	make_token(&formats[0], MAKE_LEAST, token);
	snprintf(text, sizeof(text), "%s jane.doe@mail.test.org", token);
	assert_int_equal(count(s, text), 1);
	scan_configure(s, &config);
	assert_int_equal(count(s, text), 1);
	assert_string_equal(spans[0].class, "email");
	scan_close(s);
}

/* One digit wrong in what has a check digit; the context is there. */
static void a_wrong_check_digit_is_no_number(void **state)
{
	static const char *const rows[] = {
		"card 4111111111111112", "GB82WEST12345698765433", "NHS number 943 476 5918",
		"NIR: 255081416802539", "DNI 12345678A", "NIE: X1234567M", "PESEL: 44051401358",
		"BSN: 111222334", "RSSMRA85T10A562T", "Steuer-ID: 86095742718", "NIF: 123456788",
		"131052-308U", "19811228-9875", "756.9217.0769.84", "111.444.777-36",
		"11.222.333/0001-82", "aadhaar 2341 2341 2347", "110105194912310021",
		"TCKN 10000000147", "NRIC: S1234567E", "SA ID number 8001015009088",
		"SIN: 046 454 287", "TFN 123 456 783", "12.345.678-6", "IMEI 359640550894588",
		"4111111111111111", "order 6011000990139424", "SSN 666-12-3456", "SSN 000-12-3456",
		"lodash@4.17.10", "user@example.com", "noreply@mail.org", "logo@2x.png",
		"git@host.org:path/x.git", "10.1.2.3", "192.168.1.1", "version 1.2.3.4",
		"+293,-256 lines", "x=+685.261587", "2001:db8::1", "fe80::1", "12:43:55", "dob: 1970-13-30",
	};
	struct scan *s = open_plain("all");

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (count(s, rows[i]))
			fail_msg("%s: found %s", rows[i], spans[0].class);
	scan_close(s);
}

/* --- what is nothing ----------------------------------------------------------------------------- */

static void hard_negatives_are_left_alone(void **state)
{
	static char text[MAKE_MAX];
	struct scan *plain = open_plain(NULL), *all = open_plain("all");

	(void)state;
	for (uint32_t i = 0; i < 6000; i++) {
		make_negative(i, text);
		if (count(plain, text))
			fail_msg("%s: found %s", text, spans[0].class);
		if (count(all, text))
			fail_msg("%s: found %s", text, spans[0].class);
	}
	scan_close(plain);
	scan_close(all);
}

/* --- spans ------------------------------------------------------------------------------------ */

static size_t redact(const char *text, size_t len, size_t n, char *out)
{
	size_t k = 0, from = 0;

	for (size_t i = 0; i < n; i++) {
		memcpy(out + k, text + from, spans[i].start - from);
		k += spans[i].start - from;
		k += (size_t)sprintf(out + k, "[REDACTED:%s]", spans[i].class);
		from = spans[i].end;
	}
	memcpy(out + k, text + from, len - from);
	out[k + len - from] = '\0';
	return k + len - from;
}

static void what_is_redacted_scans_clean(void **state)
{
	static char token[MAKE_MAX], text[16 * MAKE_MAX], out[16 * MAKE_MAX];
	struct scan *s = open_plain("all");

	(void)state;
	for (size_t i = 0; i < formats_n; i++) {
		size_t n = (size_t)sprintf(text, "Authorization: ");

		for (int k = 0; k < 3; k++) {
			make_token(&formats[i], MAKE_LEAST, token);
			n += (size_t)sprintf(text + n, "%s, key: \"%s\" ", token, token);
		}
		redact(text, n, scan_text(s, NULL, 0, text, n, spans, SPANS), out);
		if (count(s, out))
			fail_msg("%s: %s in %s", formats[i].class, spans[0].class, out);
	}
	scan_close(s);
}

static void want_of_room_never_lets_a_secret_pass(void **state)
{
	static char token[MAKE_MAX], text[1 << 20];
	struct scan_span few[2];
	struct scan *s = open_plain(NULL);
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 4; i++) {
		make_token(&formats[0], MAKE_LEAST, token);
		n += (size_t)sprintf(text + n, "%s ", token);
	}
	assert_int_equal(scan_text(s, NULL, 0, text, n, few, 2), 2);
	assert_int_equal(few[1].end, n);
	assert_int_equal(scan_text(s, NULL, 0, text, n, few, 1), 1);
	assert_int_equal(few[0].start, 0);
	assert_int_equal(few[0].end, n);
	/* More than there is room for inside. */
	while (n < sizeof(text) - 100) {
		make_token(&formats[0], MAKE_LEAST, token);
		n += (size_t)sprintf(text + n, "%s ", token);
	}
	assert_int_equal(scan_text(s, NULL, 0, text, n, spans, SPANS), SPANS);
	assert_int_equal(spans[SPANS - 1].end, n);
	for (size_t i = 0; i + 1 < SPANS; i++)
		assert_int_equal(spans[i].end + 1, spans[i + 1].start);
	scan_close(s);
}

/* At every offset to the blocks of the prefilter, and at the end of a text. */
static void no_offset_hides_a_token(void **state)
{
	static char token[MAKE_MAX], text[MAKE_MAX];
	struct scan *s = open_plain(NULL);
	size_t len = make_token(&formats[0], MAKE_LEAST, token);

	(void)state;
	for (size_t at = 0; at < 200; at++) {
		memset(text, ' ', at);
		strcpy(text + at, token);
		assert_int_equal(count(s, text), 1);
		assert_int_equal(spans[0].start, at);
		assert_int_equal(spans[0].end, at + len);
		memset(text + at + len, ' ', 100);
		text[at + len + 100] = '\0';
		assert_int_equal(count(s, text), 1);
	}
	scan_close(s);
}

/* --- the prefilter ---------------------------------------------------------------------------- */

/* Bytes of chance, and beginnings of tokens in disorder. */
static void fill_for_masks(char *text, size_t size, int round)
{
	for (size_t i = 0; i < size; i++)
		text[i] = (char)(round & 1 ? make_chance(256) :
					      (unsigned char)"ghp_SKseCR--BE09af%\\@&\n~ \xd0\xe2+,.:"[make_chance(29)]);
	for (size_t at = 0; round % 4 >= 2 && at + 40 < size; at += make_chance(40)) {
		const char *literal = formats[make_chance((uint32_t)formats_n)].literal;

		memcpy(text + at, literal, strlen(literal));
	}
}

static void all_variants_of_the_prefilter_give_the_same_masks(void **state)
{
	static char text[64 * PREFILTER_BLOCK + PREFILTER_AHEAD];
	static struct prefilter_masks scalar[64], other[64];
	static struct prefilter_personal scalar_personal[64], other_personal[64];
	const struct prefilter *p = &scan_tables.filter;
	int tried = 0;

	(void)state;
	for (int round = 0; round < 40; round++) {
		fill_for_masks(text, sizeof(text), round);
		prefilter_run(p, PREFILTER_SCALAR, text, 64, scalar);
		prefilter_run_personal(p, PREFILTER_SCALAR, text, 64, scalar_personal);
		for (int v = PREFILTER_SCALAR + 1; v < PREFILTER_VARIANTS; v++) {
			if (!prefilter_has((enum prefilter_variant)v))
				continue;
			tried++;
			memset(other, 0xaa, sizeof(other));
			memset(other_personal, 0xaa, sizeof(other_personal));
			prefilter_run(p, (enum prefilter_variant)v, text, 64, other);
			prefilter_run_personal(p, (enum prefilter_variant)v, text, 64, other_personal);
			assert_memory_equal(scalar, other, sizeof(scalar));
			assert_memory_equal(scalar_personal, other_personal, sizeof(scalar_personal));
		}
	}
	if (!tried)
		print_message("[ skipped ] no variant but the scalar one on this processor\n");
}

static void all_variants_find_the_same(void **state)
{
	static char token[MAKE_MAX], text[4 * MAKE_MAX];
	static struct scan_span scalar[SPANS];
	struct scan *s = open_plain("all");

	(void)state;
	for (size_t i = 0; i < formats_n; i++) {
		size_t n, len = make_negative((uint32_t)i, text);

		make_token(&formats[i], MAKE_MOST, token);
		len += (size_t)sprintf(text + len, " %s ", token);
		len += wrap_base64(token, strlen(token), text + len);
		assert_true(scan_use_variant(s, PREFILTER_SCALAR));
		n = scan_text(s, NULL, 0, text, len, scalar, SPANS);
		for (int v = PREFILTER_SCALAR + 1; v < PREFILTER_VARIANTS; v++)
			if (scan_use_variant(s, v)) {
				assert_int_equal(scan_text(s, NULL, 0, text, len, spans, SPANS), n);
				for (size_t k = 0; k < n; k++)
					assert_true(spans[k].start == scalar[k].start &&
						    spans[k].end == scalar[k].end &&
						    spans[k].class == scalar[k].class);
			}
	}
	scan_close(s);
}

/* --- known values ----------------------------------------------------------------------------- */

static void which_values_are_secret(void **state)
{
	static const struct {
		const char *name, *value;
		bool is_secret;
	} rows[] = {
		{ "GITHUB_TOKEN", "hunter2hunter2", true }, { "GITHUB_TOKEN", "short", false },
		{ "DB_PASSWORD", "correcthorse", true },    { "SSH_AUTH_SOCK", "/tmp/ssh-abc/agent.1", false },
		{ "API_KEY", "abc123def456", true },	    { "KEYBOARD", "pc105intl", true },
		{ "XKB_KEY_LAYOUT", "german", false },	    { "NODE_ENV", "production", false },
		{ "DATABASE_URL", "postgres://u:pw1@h/d", true }, { "HOMEPAGE", "https://example.org/a1B2", false },
		{ "BLOB", "aB3dE6gH9jK2mN5pQ8sT", true },   { "PATH", "/usr/local/bin:/usr/bin:/bin", false },
		{ "INVOCATION_ID", "5f2b9c1e7d3a4b6c8e0f1a2b3c4d5e6f", false },
		{ "DBUS_SESSION_BUS_ADDRESS", "unix:path=/run/user/1000/bus", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (secrets_is_secret(rows[i].name, rows[i].value) != rows[i].is_secret)
			fail_msg("%s=%s", rows[i].name, rows[i].value);
}

static struct scan *open_known(const char *const *values, size_t n, void **ret_data, size_t *ret_len)
{
	struct strv entries = {0};
	struct scan *s;
	char entry[512];
	size_t known;

	for (size_t i = 0; i < n; i++) {
		snprintf(entry, sizeof(entry), "N%zu_TOKEN=%s", i, values[i]);
		assert_int_equal(strv_add(&entries, entry), 0);
	}
	assert_int_equal(secrets_digest(&entries, &(struct strv){0}, ret_data, ret_len, &known, NULL), 0);
	assert_int_equal(known, n);
	assert_int_equal(scan_open(*ret_data, *ret_len, &s, NULL), 0);
	strv_done(&entries);
	return s;
}

static void a_known_value_is_found_in_every_encoding(void **state)
{
	static const char *const values[] = { "hunter2+hunter2/hunter2", "abcd1234", "quote\"d\\back/slash" };
	static const char *const texts[] = {
		"x hunter2+hunter2/hunter2 y", /* as it is */
		"68756e746572322b68756e746572322f68756e74657232",
		"68756E746572322B68756E746572322F68756E74657232",
		"a=hunter2%2Bhunter2%2Fhunter2&b", "a=hunter2%2bhunter2%2fhunter2&b",
		"hunter2+hunter2\\/hunter2", "quote\\\"d\\\\back/slash", "quote\\\"d\\\\back\\/slash",
		"h\xe2\x80\x8bunter2+hunter2/hunter2", "\\u0068unter2+hunter2/hunter2",
		"&#104;unter2+hunter2/hunter2",
	};
	size_t len;
	struct scan *s;
	void *data;

	(void)state;
	s = open_known(values, 3, &data, &len);
	assert_null(memmem(data, len, "hunter2+", 8));
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (count(s, texts[i]) != 1 || strcmp(spans[0].class, "environment") != 0)
			fail_msg("not found: %s", texts[i]);
	assert_int_equal(count(s, "hunter2+hunter2/hunter3"), 0);
	/* A short value is taken only as a whole word. */
	assert_int_equal(count(s, "is abcd1234."), 1);
	assert_int_equal(count(s, "xabcd12345"), 0);
	scan_close(s);
	assert_int_not_equal(scan_open(data, len - 1, &s, NULL), 0);
	assert_int_not_equal(scan_open(data, 8, &s, NULL), 0);
	free(data);
}

/* Values of every length, at every offset: the stride hides none. */
static void a_known_value_is_found_at_every_offset(void **state)
{
	char value[80], text[256];
	const char *values[] = { value };
	size_t len;
	void *data;

	(void)state;
	for (size_t n = SECRETS_GRAM; n <= 40; n++) {
		struct scan *s;

		make_run(value, SET_B62, n);
		s = open_known(values, 1, &data, &len);
		for (size_t at = 0; at < 80; at++) {
			memset(text, '-', sizeof(text));
			memcpy(text + at, value, n);
			assert_int_equal(scan_text(s, NULL, 0, text, at + n + at % 3, spans, SPANS), 1);
			assert_int_equal(spans[0].start, at);
			assert_int_equal(spans[0].end, at + n);
		}
		scan_close(s);
		free(data);
	}
}

/* In base64 every character that has a bit of the value goes, and no other. */
static void base64_of_a_known_value_leaves_no_bit_of_it(void **state)
{
	char value[64], plain[128], text[256];
	const char *values[] = { value };
	size_t len;
	void *data;

	(void)state;
	for (size_t n = 15; n <= 33; n++)
		for (size_t before = 0; before < 6; before++)
			for (size_t behind = 0; behind < 4; behind++) {
				size_t total, first = before * 8 / 6, end = ((before + n) * 8 + 5) / 6;
				struct scan *s;

				make_run(value, SET_B62, n);
				s = open_known(values, 1, &data, &len);
				/* Neighbours outside of ASCII: nothing but the digests can find it. */
				memset(plain, 0xfe, sizeof(plain));
				memcpy(plain + before, value, n);
				total = make_base64(plain, before + n + behind, text, make_std, 0);
				if (scan_text(s, NULL, 0, text, total, spans, SPANS) != 1 ||
				    spans[0].start != first || spans[0].end != end)
					fail_msg("%zu, %zu before, %zu behind: %zu-%zu, expected %zu-%zu", n,
						 before, behind, spans[0].start, spans[0].end, first, end);
				scan_close(s);
				free(data);
			}
}

/* scan_text() does not look at texts of under 8 bytes: between blanks they are looked at. */
static void nothing_shorter_than_eight_bytes_is_a_token(void **state)
{
	static const char *const names[] = { "pw", "pwd", "pass", "key", "token", "auth", "sig", "d",
					     "pin", "otp", "sid", "sk", "Basic ", "x://", "" };
	static const char *const separators[] = { "=", ":", ": ", "=\"", "\":\"", "='", "" };
	static const char bytes[] = "abcXYZ0189-_=+/:@.;\"' {}";
	struct scan_span span;
	struct scan *s;
	unsigned int seed = 1;

	(void)state;
	assert_int_equal(scan_open(NULL, 0, &s, NULL), 0);
	for (int round = 0; round < 300000; round++) {
		char text[32] = "        ";
		size_t n = 8, end = 9 + (size_t)rand_r(&seed) % 7;

		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s",
				      names[(size_t)rand_r(&seed) % (sizeof(names) / sizeof(*names))],
				      separators[(size_t)rand_r(&seed) % (sizeof(separators) / sizeof(*separators))]);
		while (n < end)
			text[n++] = bytes[(size_t)rand_r(&seed) % (sizeof(bytes) - 1)];
		memset(text + end, ' ', 8);
		if (scan_text(s, NULL, 0, text, end + 8, &span, 1))
			fail_msg("found in %.*s", (int)end + 8, text);
	}
	scan_close(s);
}

/* What becomes known while a session runs is found beside what was known, in every disguise;
 * what it replaces is not, and what is not of the same keys changes nothing. */
static void what_becomes_known_later_is_found_too(void **state)
{
	struct strv none = {0}, certain = {0};
	struct secrets_header head;
	struct needles needles;
	void *data = NULL, *live = NULL;
	size_t len, count, live_len;
	struct scan *scan = NULL;

	(void)state;
	assert_int_equal(strv_add(&certain, "x=first-secret-of-the-session"), 0);
	assert_int_equal(secrets_digest(&none, &certain, &data, &len, &count, NULL), 0);
	assert_int_equal(scan_open(data, len, &scan, NULL), 0);
	memcpy(&head, data, sizeof(head));
	for (int i = 0; i < 3; i++) {
		char value[64], text[128], old[128];
		struct scan_span hits[4];

		snprintf(value, sizeof(value), "zebra-giraffe-walrus-%d", i);
		needles_again(&needles, &head);
		assert_int_equal(needles_add(&needles, value), 0);
		assert_int_equal(needles_finish(&needles, &live, &live_len, NULL), 0);
		needles_done(&needles);
		snprintf(text, sizeof(text), "it is %s, and there", value);
		assert_int_equal(scan_text(scan, NULL, 0, text, strlen(text), hits, 4), 0);
		assert_int_equal(scan_set_live(scan, live, live_len), 0);
		assert_int_equal(scan_text(scan, NULL, 0, text, strlen(text), hits, 4), 1);
		snprintf(old, sizeof(old), "it is zebra-giraffe-walrus-%d, and there", i - 1);
		assert_int_equal(scan_text(scan, NULL, 0, old, strlen(old), hits, 4), 0);
		assert_int_equal(scan_text(scan, NULL, 0, "first-secret-of-the-session", 27, hits, 4), 1);
		/* Of other keys, cut, or too long. */
		((struct secrets_header *)live)->keys[0] ^= 1;
		assert_int_equal(scan_set_live(scan, live, live_len), -EINVAL);
		assert_int_equal(scan_set_live(scan, live, live_len - 1), -EINVAL);
		assert_int_equal(scan_set_live(scan, live, 4), -EINVAL);
		assert_int_equal(scan_text(scan, NULL, 0, text, strlen(text), hits, 4), 1);
		free(live);
	}
	scan_close(scan);
	strv_done(&certain);
	free(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_shorter_than_eight_bytes_is_a_token),
		cmocka_unit_test(every_format_is_found_whole_in_all_surroundings),
		cmocka_unit_test(a_character_too_few_or_too_many_is_another_word),
		cmocka_unit_test(there_are_the_classes_that_are_promised),
		cmocka_unit_test(checksums_raise_confidence_and_suppress_nothing),
		cmocka_unit_test(every_format_is_found_when_it_is_wrapped),
		cmocka_unit_test(letters_that_look_alike_hide_nothing),
		cmocka_unit_test(context_finds_values_and_leaves_placeholders),
		cmocka_unit_test(the_name_of_a_member_is_context),
		cmocka_unit_test(every_class_of_personal_data_is_found_when_it_is_on),
		cmocka_unit_test(personal_data_alone_leaves_tokens),
		cmocka_unit_test(a_wrong_check_digit_is_no_number),
		cmocka_unit_test(hard_negatives_are_left_alone),
		cmocka_unit_test(what_is_redacted_scans_clean),
		cmocka_unit_test(want_of_room_never_lets_a_secret_pass),
		cmocka_unit_test(no_offset_hides_a_token),
		cmocka_unit_test(all_variants_of_the_prefilter_give_the_same_masks),
		cmocka_unit_test(all_variants_find_the_same),
		cmocka_unit_test(which_values_are_secret),
		cmocka_unit_test(a_known_value_is_found_in_every_encoding),
		cmocka_unit_test(a_known_value_is_found_at_every_offset),
		cmocka_unit_test(base64_of_a_known_value_leaves_no_bit_of_it),
		cmocka_unit_test(what_becomes_known_later_is_found_too),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
