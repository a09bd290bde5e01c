/* SPDX-License-Identifier: Apache-2.0 */
/*
 * personal_checks - the rules of numbers of persons, country by country
 *
 * s[n]: the digits and letters of the number, capitals, without separators.
 */
#ifndef SCAN_PERSONAL_CHECKS_H
#define SCAN_PERSONAL_CHECKS_H

#include <stdbool.h>
#include <stddef.h>

enum personal_rule {
	RULE_SHAPE, /* none: the class has a shape of its own */
	RULE_ANY, RULE_AU_TFN, RULE_BR_CNPJ, RULE_BR_CPF, RULE_CA_SIN, RULE_CH_AHV,
	RULE_CL_RUT, RULE_CN_ID, RULE_DE_STEUERID, RULE_DK_CPR, RULE_DOB, RULE_ES_DNI,
	RULE_ES_NIE, RULE_FI_HETU, RULE_FR_NIR, RULE_IBAN, RULE_IN_AADHAAR, RULE_IN_PAN,
	RULE_IT_CF, RULE_KR_RRN, RULE_NL_BSN, RULE_NO_FNR, RULE_PAN, RULE_PL_PESEL,
	RULE_PT_NIF, RULE_SE_PERSONNUMMER, RULE_SG_NRIC, RULE_TR_TCKN, RULE_UK_NHS,
	RULE_UK_NINO, RULE_US_EIN, RULE_US_ITIN, RULE_US_SSN, RULE_ZA_ID,
};

/* Does the rule hold?  Never for RULE_SHAPE. */
bool personal_holds(enum personal_rule rule, const char *s, size_t n);

#endif /* SCAN_PERSONAL_CHECKS_H */
