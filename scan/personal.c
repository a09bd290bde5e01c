/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Theory of operation
 *
 * Everything here but an address of mail has digits, so each run of digits is an anchor.
 * A layout says how a number is written: '#' a digit, 'A' a letter, '*' either, '_' an
 * optional blank or '-', another character itself.  A class is tried at a run only when
 * one of its layouts has a first group of that length (by_run), so that most numbers of
 * a text cost one look-up.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "scan/charset.h"
#include "scan/hits.h"
#include "scan/personal.h"
#include "scan/personal_checks.h"
#include "scan/prefilter.h"
#include "scan/scan.h"

#define BEFORE 48
#define DIGITS_MAX 40
#define LAYOUTS 5

enum need { ALONE, BARE, CONTEXT }; /* context: never, where nothing separates, always */

static const struct class {
	const char *name;
	enum need need;
	const char *words; /* of the context, separated by '|' */
	personal_check *check;
	const char *layouts[LAYOUTS];
} classes[] = {
	{ "pan", BARE, "card|pan|credit|debit|visa|mastercard|amex|cc|ccn|payment|cardnumber|account",
	  check_pan,
	  { "####-####-####-####", "#### #### #### ####", "#### ###### #####", "####-######-#####",
	    "#### ###### ####" } },
	{ "iban", ALONE, "", check_iban, { "AA##" } },
	{ "us-ssn", CONTEXT, "ssn|social security|social-security|socialsecurity", check_us_ssn,
	  { "###-##-####", "### ## ####", "#########" } },
	{ "us-itin", CONTEXT, "itin|taxpayer", check_us_itin,
	  { "###-##-####", "### ## ####", "#########" } },
	{ "us-ein", CONTEXT, "ein|fein|employer identification|tax id|taxid", check_us_ein,
	  { "##-#######", "#########" } },
	{ "uk-nino", CONTEXT, "nino|national insurance|ni number|ni no|nationalinsurance",
	  check_uk_nino, { "AA######A", "AA ## ## ## A" } },
	{ "uk-nhs", CONTEXT, "nhs|nhsnumber", check_uk_nhs,
	  { "### ### ####", "###-###-####", "##########" } },
	{ "fr-nir", CONTEXT, "nir|sécurité sociale|securite sociale|insee|sécu|numero de securite",
	  check_fr_nir, { "###############", "# ## ## ## ### ### ##" } },
	{ "es-dni", CONTEXT, "dni|nif|documento", check_es_dni, { "########A", "########-A" } },
	{ "es-nie", CONTEXT, "nie|extranjero", check_es_nie, { "A#######A", "A-#######-A" } },
	{ "pl-pesel", CONTEXT, "pesel", check_pl_pesel, { "###########" } },
	{ "nl-bsn", CONTEXT, "bsn|burgerservicenummer|sofinummer", check_nl_bsn,
	  { "#########", "####.##.###" } },
	{ "it-cf", ALONE, "", check_it_cf, { "AAAAAA##A##A###A" } },
	{ "de-steuerid", CONTEXT,
	  "steuer-id|steuerid|idnr|steuer-idnr|identifikationsnummer|steueridentifikationsnummer|"
	  "steuernummer|tin", check_de_steuerid, { "###########", "## ### ### ###" } },
	{ "pt-nif", CONTEXT, "nif|contribuinte", check_pt_nif, { "#########", "### ### ###" } },
	{ "no-fnr", CONTEXT, "fnr|fødselsnummer|fodselsnummer|personnummer", check_no_fnr,
	  { "###########", "###### #####" } },
	{ "fi-hetu", ALONE, "", check_fi_hetu,
	  { "######-###*", "######+###*", "######A###*" } },
	{ "se-personnummer", BARE, "personnummer|pnr|personnr", check_se_personnummer,
	  { "########-####", "############", "######-####", "##########" } },
	{ "ch-ahv", ALONE, "", check_ch_ahv, { "###.####.####.##", "#############" } },
	{ "dk-cpr", CONTEXT, "cpr|cpr-nr|personnummer", check_dk_cpr, { "######-####" } },
	{ "br-cpf", BARE, "cpf", check_br_cpf, { "###.###.###-##", "###########" } },
	{ "br-cnpj", BARE, "cnpj", check_br_cnpj, { "##.###.###/####-##", "##############" } },
	{ "in-aadhaar", CONTEXT, "aadhaar|aadhar|uidai|uid", check_in_aadhaar,
	  { "#### #### ####", "####-####-####", "############" } },
	{ "in-pan", CONTEXT, "pan|income tax|permanent account", check_in_pan, { "AAAAA####A" } },
	{ "kr-rrn", CONTEXT, "rrn|주민등록번호|주민번호|resident registration", check_kr_rrn,
	  { "######-#######" } },
	{ "cn-resident-id", ALONE, "", check_cn_id, { "#################*" } },
	{ "tr-tckn", CONTEXT, "tckn|t.c.|tc kimlik|kimlik", check_tr_tckn, { "###########" } },
	{ "sg-nric", CONTEXT, "nric|fin|identity card", check_sg_nric, { "A#######A" } },
	{ "za-id", CONTEXT, "sa id|id number|identity number|rsa id|south african", check_za_id,
	  { "#############" } },
	{ "ca-sin", CONTEXT, "sin|social insurance", check_ca_sin,
	  { "### ### ###", "###-###-###", "#########" } },
	{ "au-tfn", CONTEXT, "tfn|tax file", check_au_tfn, { "### ### ###", "#########" } },
	{ "cl-rut", BARE, "rut|run", check_cl_rut,
	  { "##.###.###-*", "#.###.###-*", "########-*", "#######-*" } },
	{ "dob", CONTEXT, "dob|date of birth|birth date|birthdate|birthday|born|dateofbirth|"
	  "geburtsdatum|geboren|date de naissance|fecha de nacimiento|född|født|nato il|nata il", check_dob,
	  { "####-##-##", "####/##/##", "##/##/####", "##.##.####", "##-##-####" } },
	{ "passport", CONTEXT, "passport|passeport|pasaporte|reisepass", check_any,
	  { "AA#######", "A########", "#########", "A#######" } },
	{ "driver-licence", CONTEXT, "driver license|driver licence|drivers license|"
	  "driver's license|driving licence|driverlicense|führerschein", check_any,
	  { "A#######", "A############", "A###-####-####-##", "########", "A##########" } },
	/* These have shapes of their own. */
	{ "email", ALONE, "", NULL, { NULL } },
	{ "phone", ALONE, "", NULL, { NULL } },
	{ "ipv4", ALONE, "", NULL, { NULL } },
	{ "ipv6", ALONE, "", NULL, { NULL } },
	{ "mac-address", ALONE, "", NULL, { NULL } },
};

#define CLASSES (sizeof(classes) / sizeof(*classes))
_Static_assert(CLASSES <= 64, "a bit for each");

enum { EMAIL = CLASSES - 5, PHONE, IPV4, IPV6, MAC };

/* Classes with a layout whose first group of digits is that long. */
static uint64_t by_run[DIGITS_MAX];

#define BIT(i) (1ULL << (i))

const char *scan_personal_name(size_t i)
{
	return i < CLASSES ? classes[i].name : NULL;
}

uint64_t scan_personal(const char *name)
{
	if (!strcmp(name, "all"))
		return BIT(CLASSES) - 1;
	for (size_t i = 0; i < CLASSES; i++)
		if (!strcmp(name, classes[i].name))
			return BIT(i);
	return 0;
}

static size_t letters_before(const char *layout)
{
	return strcspn(layout, "#");
}

void personal_build(void)
{
	memset(by_run, 0, sizeof(by_run));
	for (size_t i = 0; i < CLASSES; i++)
		for (size_t k = 0; k < LAYOUTS && classes[i].layouts[k]; k++) {
			const char *layout = classes[i].layouts[k];
			size_t run = strspn(layout + letters_before(layout), "#");

			by_run[run] |= BIT(i);
			/* '*' behind the digits may be one more. */
			if (layout[letters_before(layout) + run] == '*')
				by_run[run + 1] |= BIT(i);
		}
	by_run[14] |= BIT(0); /* a card's number in one piece */
	for (size_t run = 15; run <= 19; run++)
		by_run[run] |= BIT(0);
	for (size_t run = 2; run < DIGITS_MAX; run++)
		by_run[run] |= BIT(1); /* and an account's */
}

/* --- context ------------------------------------------------------------------------------- */

static bool is_alnum(char c)
{
	return charset_has(SET_B62, c);
}

/* A whole word of text[len], which is in small letters. */
static bool has_word(const char *text, size_t len, const char *word, size_t n)
{
	const char *p = text, *end = text + len;

	for (; (p = memmem(p, (size_t)(end - p), word, n)); p++)
		if (!(p > text && is_alnum(p[-1]) && is_alnum(word[0])) &&
		    !(p + n < end && is_alnum(p[n])))
			return true;
	return false;
}

/* The last bytes before text[at], in small letters. */
static size_t copy_before(const struct personal *p, size_t at, char out[BEFORE])
{
	size_t n = at < BEFORE ? at : BEFORE;

	for (size_t i = 0; i < n; i++)
		out[i] = (char)tolower((unsigned char)p->text[at - n + i]);
	return n;
}

/* The name of a member: "cardNumber", "card_number".  Short words must be all of it, or
 * a part between separators, or its end. */
static bool key_has(const struct personal *p, const char *word, size_t n)
{
	char small[64], key[64], bare[64];
	size_t len = 0, k = 0, w = 0;

	for (; len < p->key_len && len < sizeof(small); len++) {
		small[len] = (char)tolower((unsigned char)p->key[len]);
		if (small[len] != '_' && small[len] != '-' && small[len] != ' ')
			key[k++] = small[len];
		else
			small[len] = ' ';
	}
	for (size_t i = 0; i < n && w < sizeof(bare); i++)
		if (word[i] != ' ' && word[i] != '-')
			bare[w++] = word[i];
	if (w >= 5)
		return memmem(key, k, bare, w) != NULL;
	return (k == w && !memcmp(key, bare, w)) || has_word(small, len, word, n);
}

static bool has_context(const struct personal *p, const struct class *c, size_t at)
{
	char before[BEFORE];
	size_t len = copy_before(p, at, before);

	for (const char *w = c->words; *w;) {
		size_t n = strcspn(w, "|");

		if (has_word(before, len, w, n) || (p->key && key_has(p, w, n)))
			return true;
		w += n + (w[n] != 0);
	}
	return false;
}

/* --- layouts -------------------------------------------------------------------------------- */

static bool is_left_open(const struct personal *p, size_t at)
{
	char c = at ? p->text[at - 1] : ' ';

	if (is_alnum(c) || c == '_')
		return at >= 2 && p->text[at - 2] == '\\' && strchr("nrt", c);
	/* Part of a decimal, a version, or a longer number. */
	return !((c == '.' || c == ',' || c == '-' || c == '+') && at >= 2 &&
		 isdigit((unsigned char)p->text[at - 2]));
}

static bool is_right_open(const struct personal *p, size_t at)
{
	char c = at < p->len ? p->text[at] : ' ';

	if (is_alnum(c) || c == '_')
		return false;
	return !((c == '.' || c == '-') && at + 1 < p->len && isdigit((unsigned char)p->text[at + 1]));
}

/* Return: the end of the layout at text[at], or 0; s gets digits and letters. */
static size_t match_layout(const struct personal *p, const char *layout, size_t at, char *s,
			   size_t *ret_n)
{
	size_t n = 0;

	for (; *layout; layout++, at++) {
		char c = at < p->len ? p->text[at] : 0;

		switch (*layout) {
		case '#':
			if (!isdigit((unsigned char)c))
				return 0;
			s[n++] = c;
			break;
		case 'A':
			if (!isalpha((unsigned char)c))
				return 0;
			s[n++] = (char)toupper((unsigned char)c);
			break;
		case '*':
			if (!is_alnum(c))
				return 0;
			s[n++] = (char)toupper((unsigned char)c);
			break;
		default:
			if (c != *layout)
				return 0;
		}
	}
	*ret_n = n;
	return at;
}

static void add(const struct personal *p, size_t class, size_t start, size_t end)
{
	struct hit hit = { .start = start, .end = end, .class = classes[class].name,
			   .rank = HIT_PERSONAL, .certain = classes[class].need != CONTEXT && classes[class].check };

	hits_add(p->hits, &hit);
}

static bool is_bare(const char *layout)
{
	return !layout[strspn(layout, "#*A")];
}

/* Groups of four in a row of such groups: a table of characters, and no card. */
static bool is_of_a_table(const struct personal *p, size_t start, size_t end)
{
	return (start >= 5 && p->text[start - 1] == ' ' &&
		charset_run(SET_XDIGIT, p->text, start - 1, start - 5, 4) == 4) ||
	       (end < p->len && p->text[end] == ' ' &&
		charset_run(SET_XDIGIT, p->text, p->len, end + 1, 5) >= 4);
}

static void try_class(const struct personal *p, size_t class, size_t at)
{
	const struct class *c = &classes[class];
	char s[DIGITS_MAX];
	size_t n, end, back;

	for (size_t k = 0; k < LAYOUTS && c->layouts[k]; k++) {
		back = letters_before(c->layouts[k]);
		if (back > at || !is_left_open(p, at - back))
			continue;
		end = match_layout(p, c->layouts[k], at - back, s, &n);
		if (!end || !is_right_open(p, end) || !c->check(s, n))
			continue;
		if ((c->need == CONTEXT || (c->need == BARE && is_bare(c->layouts[k]) &&
					    !(class != 0 && n == 12))) &&
		    !has_context(p, c, at - back))
			continue;
		if (class == 0 && memchr(c->layouts[k], ' ', 5) && is_of_a_table(p, at, end))
			continue;
		add(p, class, at - back, end);
		return;
	}
}

/* --- shapes of their own ------------------------------------------------------------------------- */

/* 14 to 19 digits in one piece. */
static void try_pan(const struct personal *p, size_t at, size_t run)
{
	char s[DIGITS_MAX];

	if (run < 14 || run > 19 || !is_left_open(p, at) || !is_right_open(p, at + run))
		return;
	memcpy(s, p->text + at, run);
	if (check_pan(s, run) && has_context(p, &classes[0], at))
		add(p, 0, at, at + run);
}

/* Two letters before the digits, letters and digits behind, perhaps in groups. */
static void try_iban(const struct personal *p, size_t at)
{
	char s[DIGITS_MAX];
	size_t n = 0, i = at >= 2 ? at - 2 : at, good = 0;

	if (at < 2 || !is_left_open(p, i) || !isupper((unsigned char)p->text[i]) ||
	    !isupper((unsigned char)p->text[i + 1]))
		return;
	for (; i < p->len && n < 34; i++) {
		char c = p->text[i];

		if (isdigit((unsigned char)c) || isupper((unsigned char)c)) {
			s[n++] = c;
			if (n >= 15 && is_right_open(p, i + 1) && check_iban(s, n))
				good = i + 1;
			continue;
		}
		if ((c != ' ' && c != '-') || n < 4 || i + 1 >= p->len || !is_alnum(p->text[i + 1]))
			break;
	}
	if (good)
		add(p, 1, at - 2, good);
}

/* ITU-T E.164: '+', a country code, 8 to 15 digits in all. */
static void try_phone(const struct personal *p, size_t at)
{
	size_t digits = 0, i = at, end = at;
	bool is_grouped = false;

	if (!at || p->text[at - 1] != '+' || p->text[at] == '0' ||
	    (at >= 2 && (is_alnum(p->text[at - 2]) || strchr("=.)", p->text[at - 2]))))
		return;
	while (i < p->len && digits <= 15) {
		char c = p->text[i];

		if (isdigit((unsigned char)c)) {
			digits++;
			end = ++i;
			continue;
		}
		if (!c || !strchr(" -.()", c) || i + 1 >= p->len ||
		    !(isdigit((unsigned char)p->text[i + 1]) || p->text[i + 1] == '(' ||
		      (p->text[i + 1] == ' ' && c == ')')))
			break;
		is_grouped = true;
		i++;
	}
	if (digits < 8 || digits > 15 || (end < p->len && is_alnum(p->text[end])) ||
	    (!is_grouped && digits < 10 && end < p->len && p->text[end] == ','))
		return;
	/* One dot is a decimal. */
	if (memchr(p->text + at, '.', end - at) == memrchr(p->text + at, '.', end - at) &&
	    memchr(p->text + at, '.', end - at))
		return;
	add(p, PHONE, at - 1, end);
}

static bool is_public_ipv4(const unsigned int o[4])
{
	return o[0] && o[0] != 10 && o[0] != 127 && o[0] < 224 && !(o[0] == 169 && o[1] == 254) &&
	       !(o[0] == 172 && o[1] >= 16 && o[1] < 32) && !(o[0] == 192 && o[1] == 168) &&
	       !(o[0] == 100 && o[1] >= 64 && o[1] < 128) && !(o[0] == 192 && o[1] == 0) &&
	       !(o[0] == 198 && (o[1] == 18 || o[1] == 19)) &&
	       !(o[0] == 198 && o[1] == 51 && o[2] == 100) &&
	       !(o[0] == 203 && o[1] == 0 && o[2] == 113) && o[3];
}

/* No address: "version 1.2.3.4", "Chrome/120.0.6099.5". */
static bool is_version(const struct personal *p, size_t at)
{
	char c = at ? p->text[at - 1] : ' ', before[BEFORE];
	size_t len = copy_before(p, at, before), n = len < 16 ? len : 16;

	return c == '/' || c == 'v' || c == '=' || has_word(before + len - n, n, "version", 7) ||
	       has_word(before + len - n, n, "release", 7);
}

static void try_ipv4(const struct personal *p, size_t at)
{
	unsigned int o[4];
	size_t i = at;

	if (!is_left_open(p, at))
		return;
	for (unsigned int k = 0; k < 4; k++) {
		size_t n = charset_run(SET_DIGIT, p->text, p->len, i, 4);

		if (!n || n > 3 || (n > 1 && p->text[i] == '0'))
			return;
		for (o[k] = 0; n; n--, i++)
			o[k] = o[k] * 10 + (unsigned int)(p->text[i] - '0');
		if (o[k] > 255 || (k < 3 && (i >= p->len || p->text[i++] != '.')))
			return;
	}
	if (is_right_open(p, i) && is_public_ipv4(o) && !is_version(p, at))
		add(p, IPV4, at, i);
}

/* A run of hexadecimal digits and colons around text[at]. */
static void try_colons(const struct personal *p, size_t at)
{
	size_t start = at, end = at, colons = 0, pairs = 0;
	bool is_double = false;

	while (start && at - start < 40 && (charset_has(SET_XDIGIT, p->text[start - 1]) ||
					    p->text[start - 1] == ':'))
		start--;
	while (end < p->len && end - start < 41 && (charset_has(SET_XDIGIT, p->text[end]) ||
						    p->text[end] == ':'))
		end++;
	if (end - start < 8 || end - start > 39 || !is_left_open(p, start) || !is_right_open(p, end) ||
	    hits_cover(p->hits, at, classes[IPV6].name) || hits_cover(p->hits, at, classes[MAC].name))
		return;
	for (size_t i = start, n = 0; i <= end; i++) {
		if (i < end && p->text[i] != ':') {
			if (++n > 4)
				return;
			continue;
		}
		pairs += n == 2;
		is_double |= !n && i < end && i > start;
		colons += i < end;
		n = 0;
	}
	if ((p->classes & BIT(MAC)) && colons == 5 && pairs == 6 && end - start == 17) {
		add(p, MAC, start, end);
		return;
	}
	/* Global unicast, without the range of the documentation (RFC 3849). */
	if ((p->classes & BIT(IPV6)) && (colons == 7 || (is_double && colons >= 2 && colons < 8)) &&
	    (p->text[start] == '2' || p->text[start] == '3') && end - start >= 8 &&
	    strncasecmp(p->text + start, "2001:db8", 8) != 0 && p->text[start + 4] == ':')
		add(p, IPV6, start, end);
}

/* --- addresses of mail --------------------------------------------------------------------- */

static bool is_mail_local(char c)
{
	return charset_has(SET_DOTTED, c) || c == '+' || c == '\'';
}

/* Names of domains that stand in documents, and endings that are files or packages. */
static bool is_no_domain(const char *domain, size_t len)
{
	static const char *const parts[] = { "example.", "localhost", "users.noreply.github",
					     "yourdomain", "domain.com", "test.com" };
	static const char *const endings[] = { ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp",
					       ".js", ".ts", ".css", ".json", ".local", ".invalid",
					       ".test", ".example", ".localhost", ".service",
					       ".mount", ".socket", ".target", ".internal", ".md",
					       ".html", ".py", ".go", ".rs", ".yml", ".yaml" };

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (strlen(parts[i]) <= len && !strncasecmp(domain, parts[i], strlen(parts[i])))
			return true;
	for (size_t i = 0; i < sizeof(endings) / sizeof(*endings); i++)
		if (strlen(endings[i]) < len &&
		    !strncasecmp(domain + len - strlen(endings[i]), endings[i], strlen(endings[i])))
			return true;
	return memmem(domain, len, ".example.", 9) != NULL;
}

static bool is_no_person(const char *local, size_t len)
{
	static const char *const names[] = { "noreply", "no-reply", "git", "donotreply", "postmaster",
					     "mailer-daemon", "example" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i]) == len && !strncasecmp(local, names[i], len))
			return true;
	return false;
}

/* RFC 5322's addr-spec as people write it; the last label is of letters. */
static void try_email(const struct personal *p, size_t at)
{
	size_t start = at, end = at + 1, dot = 0;

	while (start && at - start < 64 && is_mail_local(p->text[start - 1]))
		start--;
	while (start < at && strchr(".'-", p->text[start]))
		start++;
	while (end < p->len && end - at < 254 && (is_alnum(p->text[end]) || p->text[end] == '.' ||
						  p->text[end] == '-')) {
		if (p->text[end] == '.')
			dot = end;
		end++;
	}
	while (end > at + 1 && (p->text[end - 1] == '.' || p->text[end - 1] == '-')) {
		end--;
		if (dot >= end)
			dot = (size_t)((const char *)memrchr(p->text + at, '.', end - at) ?
					       (const char *)memrchr(p->text + at, '.', end - at) - p->text :
					       0);
	}
	if (start == at || !dot || dot <= at + 1 || end - dot < 3 || end - dot > 25)
		return;
	for (size_t i = dot + 1; i < end; i++)
		if (!isalpha((unsigned char)p->text[i]))
			return;
	/* git@host:path and user:password@host are something else. */
	if ((end + 1 < p->len && p->text[end] == ':' && !isspace((unsigned char)p->text[end + 1])) ||
	    (end < p->len && p->text[end] == '_') ||
	    (start && (p->text[start - 1] == ':' || p->text[start - 1] == '/') && start >= 2 &&
	     p->text[start - 2] != 'o' && !isspace((unsigned char)p->text[start - 2])) ||
	    is_no_domain(p->text + at + 1, end - at - 1) || is_no_person(p->text + start, at - start))
		return;
	add(p, EMAIL, start, end);
}

/* --- the anchors ----------------------------------------------------------------------------- */

static void look_at_number(const struct personal *p, size_t at)
{
	size_t run = charset_run(SET_DIGIT, p->text, p->len, at, DIGITS_MAX - 1);
	uint64_t todo = p->classes & by_run[run];

	for (; todo; todo &= todo - 1) {
		size_t class = (size_t)__builtin_ctzll(todo);

		if (class == 1)
			try_iban(p, at);
		else
			try_class(p, class, at);
	}
	if (p->classes & BIT(0))
		try_pan(p, at, run);
	if (p->classes & BIT(PHONE))
		try_phone(p, at);
	if ((p->classes & BIT(IPV4)) && run <= 3)
		try_ipv4(p, at);
	if ((p->classes & (BIT(IPV6) | BIT(MAC))) && run <= 4)
		try_colons(p, at);
}

void personal_look(const struct personal *p, size_t base, const struct prefilter_masks *m)
{
	bool goes_on = base && isdigit((unsigned char)p->text[base - 1]);
	uint64_t starts = m->digit & ~(m->digit << 1 | (goes_on ? 1 : 0));

	for (; starts; starts &= starts - 1) {
		size_t at = base + (size_t)__builtin_ctzll(starts);

		if (at < p->len)
			look_at_number(p, at);
	}
	for (uint64_t v = p->classes & BIT(EMAIL) ? m->at : 0; v; v &= v - 1) {
		size_t at = base + (size_t)__builtin_ctzll(v);

		if (at < p->len)
			try_email(p, at);
	}
}
