/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "scan/checks.h"
#include "scan/personal_checks.h"

static unsigned int number(const char *s, size_t n)
{
	unsigned int v = 0;

	for (size_t i = 0; i < n; i++)
		v = v * 10 + (unsigned int)(s[i] - '0');
	return v;
}

static bool is_same(const char *s, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (s[i] != s[0])
			return false;
	return true;
}

static bool check_any(const char *s, size_t n)
{
	return !is_same(s, n);
}

/* Ranges of issuers and lengths; then Luhn.  Without them IMEI and ICCID pass too. */
static bool check_pan(const char *s, size_t n)
{
	unsigned int two = number(s, 2), three = number(s, 3), four = number(s, 4);
	bool is_issued = (s[0] == '4' && n == 16) ||
			 (n == 16 && ((two >= 51 && two <= 55) || (four >= 2221 && four <= 2720))) ||
			 (n == 15 && (two == 34 || two == 37)) ||
			 (n == 16 && (four == 6011 || (three >= 644 && three <= 649) || two == 65)) ||
			 (n == 16 && four >= 3528 && four <= 3589) ||
			 (n == 14 && ((three >= 300 && three <= 305) || two == 36 || two == 38)) ||
			 (n >= 16 && n <= 19 && two == 62);

	return is_issued && checks_luhn(s, n);
}

/* ISO 13616: the length of each country's. */
static bool check_iban(const char *s, size_t n)
{
	static const char lengths[] =
		"AD24AE23AL28AT20AZ28BA20BE16BG22BH22BR29BY28CH21CR22CY28CZ24DE22DK18DO28EE20EG29"
		"ES24FI18FO18FR27GB22GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20"
		"LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MR27MT31MU30NL18NO15PK24PL28PS29PT25"
		"QA29RO24RS22SA24SC31SE24SI19SK24SM27ST25SV28TL23TN24TR26UA29VA22VG24XK20";

	for (size_t i = 0; lengths[i]; i += 4)
		if (lengths[i] == s[0] && lengths[i + 1] == s[1])
			return number(lengths + i + 2, 2) == n && checks_mod97(s, n);
	return false;
}

static bool check_us_ssn(const char *s, size_t n)
{
	unsigned int area = number(s, 3);

	(void)n;
	return area && area != 666 && area < 900 && number(s + 3, 2) && number(s + 5, 4) &&
	       !is_same(s, 9) && memcmp(s, "123456789", 9) != 0 && memcmp(s, "078051120", 9) != 0;
}

static bool check_us_itin(const char *s, size_t n)
{
	unsigned int group = number(s + 3, 2);

	(void)n;
	return s[0] == '9' && ((group >= 50 && group <= 65) || (group >= 70 && group <= 88) ||
			       (group >= 90 && group <= 92) || (group >= 94 && group <= 99));
}

static bool check_us_ein(const char *s, size_t n)
{
	unsigned int prefix = number(s, 2);

	return prefix && !is_same(s, n) && prefix != 7 && prefix != 8 && prefix != 9 &&
	       prefix != 17 && prefix != 18 && prefix != 19 && prefix != 28 && prefix != 29 &&
	       prefix != 49 && prefix != 69 && prefix != 70 && prefix != 78 && prefix != 79 &&
	       prefix != 89 && prefix != 96 && prefix != 97;
}

static bool check_uk_nino(const char *s, size_t n)
{
	static const char unused[][3] = { "BG", "GB", "KN", "NK", "NT", "TN", "ZZ" };

	for (size_t i = 0; i < sizeof(unused) / sizeof(*unused); i++)
		if (!memcmp(s, unused[i], 2))
			return false;
	return !strchr("DFIQUV", s[0]) && !strchr("DFIQUVO", s[1]) && s[n - 1] <= 'D';
}

static bool check_uk_nhs(const char *s, size_t n)
{
	static const unsigned char weights[] = { 10, 9, 8, 7, 6, 5, 4, 3, 2 };
	unsigned int rest = 11 - checks_weighted(s, weights, 9) % 11;

	return !is_same(s, n) && rest != 10 && rest % 11 == (unsigned int)(s[9] - '0');
}

static bool check_fr_nir(const char *s, size_t n)
{
	unsigned long long v = 0;

	(void)n;
	for (size_t i = 0; i < 13; i++)
		v = v * 10 + (unsigned int)(s[i] - '0');
	return (s[0] == '1' || s[0] == '2') && 97 - v % 97 == number(s + 13, 2);
}

static bool is_dni_letter(unsigned int value, char letter)
{
	return "TRWAGMYFPDXBNJZSQVHLCKE"[value % 23] == letter;
}

static bool check_es_dni(const char *s, size_t n)
{
	(void)n;
	return is_dni_letter(number(s, 8), s[8]);
}

static bool check_es_nie(const char *s, size_t n)
{
	const char *first = strchr("XYZ", s[0]);

	(void)n;
	return first && is_dni_letter((unsigned int)(first - strchr("XYZ", 'X')) * 10000000U +
					      number(s + 1, 7), s[8]);
}

static bool check_pl_pesel(const char *s, size_t n)
{
	static const unsigned char weights[] = { 1, 3, 7, 9, 1, 3, 7, 9, 1, 3, 1 };

	return checks_weighted(s, weights, n) % 10 == 0 &&
	       checks_date(number(s, 2), number(s + 2, 2) % 20, number(s + 4, 2));
}

static bool check_nl_bsn(const char *s, size_t n)
{
	static const unsigned char weights[] = { 9, 8, 7, 6, 5, 4, 3, 2 };

	return !is_same(s, n) &&
	       (checks_weighted(s, weights, 8) + 11 - (unsigned int)(s[8] - '0')) % 11 == 0;
}

static bool check_it_cf(const char *s, size_t n)
{
	static const unsigned char odd[] = { 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18,
					     20, 11, 3, 6, 8, 12, 14, 16, 10, 22, 25, 24, 23 };
	unsigned int sum = 0;

	for (size_t i = 0; i + 1 < n; i++) {
		unsigned int v = s[i] <= '9' ? (unsigned int)(s[i] - '0') :
					       (unsigned int)(s[i] - 'A');

		sum += i % 2 ? v : odd[v];
	}
	return strchr("ABCDEHLMPRST", s[8]) && sum % 26 == (unsigned int)(s[n - 1] - 'A');
}

static bool check_de_steuerid(const char *s, size_t n)
{
	return s[0] != '0' && checks_mod11_10(s, n) && !is_same(s, 10);
}

static bool check_pt_nif(const char *s, size_t n)
{
	static const unsigned char weights[] = { 9, 8, 7, 6, 5, 4, 3, 2 };
	unsigned int rest = checks_weighted(s, weights, 8) % 11;

	return !is_same(s, n) && (rest < 2 ? 0 : 11 - rest) == (unsigned int)(s[8] - '0');
}

static bool check_no_fnr(const char *s, size_t n)
{
	static const unsigned char first[] = { 3, 7, 6, 1, 8, 9, 4, 5, 2, 1 };
	static const unsigned char second[] = { 5, 4, 3, 2, 7, 6, 5, 4, 3, 2, 1 };

	(void)n;
	return checks_weighted(s, first, 10) % 11 == 0 && checks_weighted(s, second, 11) % 11 == 0 &&
	       checks_date(0, number(s + 2, 2) % 40, number(s, 2) % 40);
}

static bool check_fi_hetu(const char *s, size_t n)
{
	char digits[9];

	(void)n;
	/* Six digits, the sign or letter of the century left out or kept. */
	memcpy(digits, s, 6);
	memcpy(digits + 6, s + n - 4, 3);
	if (digits[6] < '0' || digits[6] > '9' || digits[7] > '9' || digits[8] > '9')
		return false;
	return checks_date(number(s + 4, 2), number(s + 2, 2), number(s, 2)) &&
	       "0123456789ABCDEFHJKLMNPRSTUVWXY"[number(digits, 9) % 31] == s[n - 1];
}

static bool check_se_personnummer(const char *s, size_t n)
{
	const char *ten = s + (n - 10);

	if (n == 12 && number(s, 2) != 19 && number(s, 2) != 20)
		return false;
	/* A co-ordination number adds 60 to the day. */
	return checks_luhn(ten, 10) && checks_date(number(ten, 2), number(ten + 2, 2),
						   number(ten + 4, 2) % 60);
}

static bool check_ch_ahv(const char *s, size_t n)
{
	static const unsigned char weights[] = { 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1, 3, 1 };

	return !memcmp(s, "756", 3) && checks_weighted(s, weights, n) % 10 == 0;
}

static bool check_dk_cpr(const char *s, size_t n)
{
	(void)n;
	return checks_date(number(s + 4, 2), number(s + 2, 2), number(s, 2));
}

static unsigned int brazil(const char *s, size_t n, unsigned int highest)
{
	unsigned int sum = 0, weight = 2;

	for (size_t i = n; i-- > 0; weight = weight == highest ? 2 : weight + 1)
		sum += (unsigned int)(s[i] - '0') * weight;
	return sum % 11 < 2 ? 0 : 11 - sum % 11;
}

static bool check_br_cpf(const char *s, size_t n)
{
	return !is_same(s, n) && brazil(s, 9, 12) == (unsigned int)(s[9] - '0') &&
	       brazil(s, 10, 12) == (unsigned int)(s[10] - '0');
}

static bool check_br_cnpj(const char *s, size_t n)
{
	return !is_same(s, n) && brazil(s, 12, 9) == (unsigned int)(s[12] - '0') &&
	       brazil(s, 13, 9) == (unsigned int)(s[13] - '0');
}

static bool check_in_aadhaar(const char *s, size_t n)
{
	return s[0] >= '2' && checks_verhoeff(s, n) && !is_same(s, n);
}

static bool check_in_pan(const char *s, size_t n)
{
	(void)n;
	return strchr("PCHABGJLFTE", s[3]) != NULL;
}

static bool check_kr_rrn(const char *s, size_t n)
{
	(void)n;
	/* No check digit since October 2020. */
	return s[6] >= '1' && s[6] <= '8' &&
	       checks_date(number(s, 2), number(s + 2, 2), number(s + 4, 2));
}

static bool check_cn_id(const char *s, size_t n)
{
	static const unsigned char weights[] = { 7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2 };
	unsigned int year = number(s + 6, 4);

	return year >= 1900 && year < 2100 && s[0] != '0' &&
	       checks_date(year, number(s + 10, 2), number(s + 12, 2)) &&
	       "10X98765432"[checks_weighted(s, weights, 17) % 11] == s[n - 1];
}

static bool check_tr_tckn(const char *s, size_t n)
{
	unsigned int odd = 0, even = 0, tenth;

	(void)n;
	for (size_t i = 0; i < 9; i++)
		*(i % 2 ? &even : &odd) += (unsigned int)(s[i] - '0');
	tenth = (odd * 7 + 90 - even) % 10;
	return s[0] != '0' && tenth == (unsigned int)(s[9] - '0') &&
	       (odd + even + tenth) % 10 == (unsigned int)(s[10] - '0');
}

static bool check_sg_nric(const char *s, size_t n)
{
	static const unsigned char weights[] = { 2, 7, 6, 5, 4, 3, 2 };
	unsigned int sum = checks_weighted(s + 1, weights, 7);

	switch (s[0]) {
	case 'S':
	case 'T':
		return "JZIHGFEDCBA"[(sum + (s[0] == 'T' ? 4 : 0)) % 11] == s[n - 1];
	case 'F':
	case 'G':
		return "XWUTRQPNMLK"[(sum + (s[0] == 'G' ? 4 : 0)) % 11] == s[n - 1];
	case 'M':
		return "KLJNPQRTUWX"[10 - (sum + 3) % 11] == s[n - 1];
	default:
		return false;
	}
}

static bool check_za_id(const char *s, size_t n)
{
	return checks_luhn(s, n) && checks_date(number(s, 2), number(s + 2, 2), number(s + 4, 2)) &&
	       s[10] <= '2';
}

static bool check_ca_sin(const char *s, size_t n)
{
	return checks_luhn(s, n) && !is_same(s, n);
}

static bool check_au_tfn(const char *s, size_t n)
{
	static const unsigned char weights[] = { 1, 4, 3, 7, 5, 8, 6, 9, 10 };

	return !is_same(s, n) && checks_weighted(s, weights, n) % 11 == 0;
}

static bool check_cl_rut(const char *s, size_t n)
{
	unsigned int sum = 0, weight = 2;

	for (size_t i = n - 1; i-- > 0; weight = weight == 7 ? 2 : weight + 1)
		sum += (unsigned int)(s[i] - '0') * weight;
	return "0K987654321"[sum % 11] == s[n - 1];
}

static bool check_dob(const char *s, size_t n)
{
	unsigned int year = number(s, 4);

	(void)n;
	if (year >= 1900 && year < 2100)
		return checks_date(year, number(s + 4, 2), number(s + 6, 2));
	year = number(s + 4, 4);
	return year >= 1900 && year < 2100 &&
	       (checks_date(year, number(s + 2, 2), number(s, 2)) ||
		checks_date(year, number(s, 2), number(s + 2, 2)));
}

/* A switch and no table of functions, which would be relocated at each start. */
bool personal_holds(enum personal_rule rule, const char *s, size_t n)
{
	switch (rule) {
	case RULE_SHAPE: return false;
	case RULE_ANY: return check_any(s, n);
	case RULE_AU_TFN: return check_au_tfn(s, n);
	case RULE_BR_CNPJ: return check_br_cnpj(s, n);
	case RULE_BR_CPF: return check_br_cpf(s, n);
	case RULE_CA_SIN: return check_ca_sin(s, n);
	case RULE_CH_AHV: return check_ch_ahv(s, n);
	case RULE_CL_RUT: return check_cl_rut(s, n);
	case RULE_CN_ID: return check_cn_id(s, n);
	case RULE_DE_STEUERID: return check_de_steuerid(s, n);
	case RULE_DK_CPR: return check_dk_cpr(s, n);
	case RULE_DOB: return check_dob(s, n);
	case RULE_ES_DNI: return check_es_dni(s, n);
	case RULE_ES_NIE: return check_es_nie(s, n);
	case RULE_FI_HETU: return check_fi_hetu(s, n);
	case RULE_FR_NIR: return check_fr_nir(s, n);
	case RULE_IBAN: return check_iban(s, n);
	case RULE_IN_AADHAAR: return check_in_aadhaar(s, n);
	case RULE_IN_PAN: return check_in_pan(s, n);
	case RULE_IT_CF: return check_it_cf(s, n);
	case RULE_KR_RRN: return check_kr_rrn(s, n);
	case RULE_NL_BSN: return check_nl_bsn(s, n);
	case RULE_NO_FNR: return check_no_fnr(s, n);
	case RULE_PAN: return check_pan(s, n);
	case RULE_PL_PESEL: return check_pl_pesel(s, n);
	case RULE_PT_NIF: return check_pt_nif(s, n);
	case RULE_SE_PERSONNUMMER: return check_se_personnummer(s, n);
	case RULE_SG_NRIC: return check_sg_nric(s, n);
	case RULE_TR_TCKN: return check_tr_tckn(s, n);
	case RULE_UK_NHS: return check_uk_nhs(s, n);
	case RULE_UK_NINO: return check_uk_nino(s, n);
	case RULE_US_EIN: return check_us_ein(s, n);
	case RULE_US_ITIN: return check_us_itin(s, n);
	case RULE_US_SSN: return check_us_ssn(s, n);
	case RULE_ZA_ID: return check_za_id(s, n);
	}
	return false;
}
