-- SPDX-License-Identifier: Apache-2.0
-- One row when every local MCP server of every user of this machine is confined, as far as
-- the last look of the timer beside this file says, and that look is at most two and a half
-- hours old; no row otherwise. So it is a policy of Fleet's, or a query whose empty answer
-- is the alert. Tables of osquery itself only: systemd_units and file.
SELECT 1
FROM systemd_units AS unit
JOIN systemd_units AS timer ON timer.id = 'mcp-confine-audit-configs.timer'
JOIN file AS found ON found.path = '/var/lib/mcp-confine/audit-configs.json'
WHERE unit.id = 'mcp-confine-audit-configs.service'
  AND unit.load_state = 'loaded'
  AND unit.active_state IN ('inactive', 'activating')
  AND timer.active_state = 'active'
  AND found.uid = 0
  AND found.size > 0
  AND found.mtime > CAST(strftime('%s', 'now') AS INTEGER) - 9000;
