/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/config_roundtrip.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return round_trip("claude-code", DOCUMENT_JSON, data, size);
}
