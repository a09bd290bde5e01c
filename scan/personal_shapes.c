/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "scan/charset.h"
#include "scan/hits.h"
#include "scan/personal_text.h"

/* Two letters before the digits, letters and digits behind, perhaps in groups. */
void personal_try_iban(const struct personal *p, size_t at)
{
	char s[PERSONAL_DIGITS];
	size_t n = 0, i = at >= 2 ? at - 2 : at, good = 0;

	if (at < 2 || !personal_left_open(p, i) || !isupper((unsigned char)p->text[i]) ||
	    !isupper((unsigned char)p->text[i + 1]))
		return;
	for (; i < p->len && n < 34; i++) {
		char c = p->text[i];

		if (isdigit((unsigned char)c) || isupper((unsigned char)c)) {
			s[n++] = c;
			if (n >= 15 && personal_right_open(p, i + 1) && personal_holds(RULE_IBAN, s, n))
				good = i + 1;
			continue;
		}
		if ((c != ' ' && c != '-') || n < 4 || i + 1 >= p->len || !charset_has(SET_B62, p->text[i + 1]))
			break;
	}
	if (good)
		personal_add(p, PERSONAL_IBAN, at - 2, good);
}

/* ITU-T E.164: '+', a country code, 8 to 15 digits in all. */
void personal_try_phone(const struct personal *p, size_t at)
{
	size_t digits = 0, i = at, end = at;
	bool is_grouped = false;

	if (!at || p->text[at - 1] != '+' || p->text[at] == '0' ||
	    (at >= 2 && (charset_has(SET_B62, p->text[at - 2]) || strchr("=.)", p->text[at - 2]))))
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
	if (digits < 8 || digits > 15 || (end < p->len && charset_has(SET_B62, p->text[end])) ||
	    (!is_grouped && digits < 10 && end < p->len && p->text[end] == ','))
		return;
	/* One dot is a decimal. */
	if (memchr(p->text + at, '.', end - at) == memrchr(p->text + at, '.', end - at) &&
	    memchr(p->text + at, '.', end - at))
		return;
	personal_add(p, PERSONAL_PHONE, at - 1, end);
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

void personal_try_ipv4(const struct personal *p, size_t at)
{
	unsigned int o[4];
	size_t i = at;

	if (!personal_left_open(p, at))
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
	if (personal_right_open(p, i) && is_public_ipv4(o) && !personal_is_version(p, at))
		personal_add(p, PERSONAL_IPV4, at, i);
}

/* Global unicast (RFC 4291), without the range of the documentation (RFC 3849). */
void personal_try_ipv6(const struct personal *p, size_t at)
{
	size_t end = at, colons = 0;
	bool is_double = false;

	while (end < p->len && end - at < 41 && (charset_has(SET_XDIGIT, p->text[end]) ||
						 p->text[end] == ':'))
		end++;
	if (end - at < 8 || end - at > 39 || (at && p->text[at - 1] == ':') || !personal_left_open(p, at) ||
	    !personal_right_open(p, end) || !strncasecmp(p->text + at, "2001:db8", 8))
		return;
	for (size_t i = at, n = 0; i < end; i++) {
		if (p->text[i] != ':') {
			if (++n > 4)
				return;
			continue;
		}
		is_double |= !n && i > at;
		colons++;
		n = 0;
	}
	if (colons == 7 || (is_double && colons >= 2 && colons < 8))
		personal_add(p, PERSONAL_IPV6, at, end);
}

/* Six pairs with colons, and neither digits nor colons around them. */
void personal_try_mac(const struct personal *p, size_t at)
{
	size_t start = at - 14, end = at + 3;

	if (at < 14 || end > p->len ||
	    (start && (charset_has(SET_XDIGIT, p->text[start - 1]) || p->text[start - 1] == ':')) ||
	    (end < p->len && (charset_has(SET_XDIGIT, p->text[end]) || p->text[end] == ':')) ||
	    !personal_left_open(p, start) || !personal_right_open(p, end))
		return;
	for (size_t i = start; i < end; i++)
		if ((i - start) % 3 == 2 ? p->text[i] != ':' : !charset_has(SET_XDIGIT, p->text[i]))
			return;
	personal_add(p, PERSONAL_MAC, start, end);
}

/* --- addresses of mail --------------------------------------------------------------------- */

static bool is_mail_local(char c)
{
	return charset_has(SET_DOTTED, c) || c == '+' || c == '\'';
}

/* Names of domains that stand in documents, and endings that are files or packages. */
static bool is_no_domain(const char *domain, size_t len)
{
	static const char parts[][24] = { "example.", "localhost", "users.noreply.github",
					     "yourdomain", "domain.com", "test.com" };
	static const char endings[][12] = { ".png", ".jpg", ".jpeg", ".gif", ".svg", ".webp",
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
	static const char names[][14] = { "noreply", "no-reply", "git", "donotreply", "postmaster",
					     "mailer-daemon", "example" };

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strlen(names[i]) == len && !strncasecmp(local, names[i], len))
			return true;
	return false;
}

/* RFC 5322's addr-spec as people write it; the last label is of letters. */
void personal_try_email(const struct personal *p, size_t at)
{
	size_t start = at, end = at + 1, dot = 0;

	while (start && at - start < 64 && is_mail_local(p->text[start - 1]))
		start--;
	while (start < at && strchr(".'-", p->text[start]))
		start++;
	while (end < p->len && end - at < 254 && (charset_has(SET_B62, p->text[end]) || p->text[end] == '.' ||
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
	personal_add(p, PERSONAL_EMAIL, start, end);
}
