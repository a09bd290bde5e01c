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

typedef bool personal_check(const char *s, size_t n);

personal_check check_pan, check_us_ssn, check_us_itin, check_us_ein, check_uk_nino, check_uk_nhs,
	check_fr_nir, check_es_dni, check_es_nie, check_pl_pesel, check_nl_bsn, check_it_cf,
	check_de_steuerid, check_pt_nif, check_no_fnr, check_fi_hetu, check_se_personnummer,
	check_ch_ahv, check_dk_cpr, check_br_cpf, check_br_cnpj, check_in_aadhaar, check_in_pan,
	check_kr_rrn, check_cn_id, check_tr_tckn, check_sg_nric, check_za_id, check_ca_sin,
	check_au_tfn, check_cl_rut, check_dob, check_any, check_iban;

#endif /* SCAN_PERSONAL_CHECKS_H */
