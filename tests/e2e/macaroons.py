# SPDX-License-Identifier: Apache-2.0
"""Capabilities of ours and pymacaroons: each reads, narrows and verifies what the other made.

usage: macaroons.py MCP-CONFINE DIRECTORY      run by scripts/check-remote
"""
import hashlib
import hmac
import pathlib
import pwd
import os
import subprocess
import sys

from pymacaroons import MACAROON_V2, Macaroon, Verifier

program, home = sys.argv[1:]
passed = failed = 0


def check(what, ok, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    if not ok:
        print(f"FAIL {what} {detail}")


def delegate(*arguments):
    return subprocess.run([program, "delegate", *arguments], capture_output=True, text=True, check=True).stdout.strip()


def keep(token):
    path = pathlib.Path(home) / "capability"
    path.write_text(token)
    path.chmod(0o600)
    return str(path)


def genuine(token):
    return delegate("--show", keep(token)).splitlines()[0].endswith(": valid")


name = "compat-" + os.urandom(4).hex()
ours = delegate("--server", name, "--expires", "1h", "--tools", "read_*", "--path", "/data", "--calls", "3")
root = (pathlib.Path(pwd.getpwuid(os.getuid()).pw_dir) / ".local/state/mcp-confine/delegation/root").read_bytes()
key = hmac.new(root, b"mcp-confine capability for " + name.encode(), hashlib.sha256).digest()
theirs = Macaroon.deserialize(ours)
verifier = Verifier()
verifier.satisfy_general(lambda _: True)
check("pymacaroons reads and verifies ours", verifier.verify(theirs, key))
check("and writes it byte for byte", theirs.serialize().rstrip("=") == ours)
theirs.add_first_party_caveat("tools = read_x")
check("what it narrowed is genuine", genuine(theirs.serialize()))
again = Macaroon.deserialize(delegate("--from", keep(theirs.serialize()), "--calls", "1"))
check("and what we narrowed of that verifies there", verifier.verify(again, key))
made = Macaroon(location="urn:x", identifier="mcp-confine/1 0123456789abcdef", key=key, version=MACAROON_V2)
for caveat in ("server = " + name, "expires = 2099-01-01T00:00:00Z"):
    made.add_first_party_caveat(caveat)
check("one that it made with the key", genuine(made.serialize()))
other = Macaroon(location="urn:x", identifier="mcp-confine/1 0123456789abcdef", key=root, version=MACAROON_V2)
for caveat in ("server = " + name, "expires = 2099-01-01T00:00:00Z"):
    other.add_first_party_caveat(caveat)
check("and one of another key", not genuine(other.serialize()))
print(f"{passed} passed, {failed} failed")
sys.exit(1 if failed else 0)
