# SPDX-License-Identifier: Apache-2.0
"""mcp-confine-pep between two ends that the test holds: pipes, a policy, an audit log."""
import json
import os
import select
import socket
import subprocess
import struct
import tempfile
import threading
import time

PEP = os.environ["MCP_CONFINE_BUILD"] + "/mcp-confine-pep"
SECONDS = 60  # a test that waits longer has failed


class Reader(threading.Thread):
    """Lines of one descriptor, as they come; bounded by whoever stops it."""

    def __init__(self, fd, changed):
        super().__init__(daemon=True)
        self.fd, self.changed = fd, changed
        self.lines, self.rest, self.ended = [], b"", False
        self.start()

    def run(self):
        parts = []
        while chunk := os.read(self.fd, 1 << 20):
            *lines, rest = chunk.split(b"\n")
            with self.changed:
                for line in lines:
                    parts.append(line)
                    self.lines.append(b"".join(parts) + b"\n")
                    parts = []
                if rest:
                    parts.append(rest)
                self.changed.notify_all()
        with self.changed:
            self.rest = b"".join(parts)
            self.ended = True
            self.changed.notify_all()
        os.close(self.fd)


def memory_file(data):
    fd = os.memfd_create("test")
    os.write(fd, data)
    os.lseek(fd, 0, os.SEEK_SET)
    return fd


def counters():
    """An empty file of counters (common/meter.h) whose day has just begun."""
    day = 86400 * 10 ** 9
    offset = day - time.clock_gettime_ns(time.CLOCK_BOOTTIME) % day
    head = struct.pack("<QII2Q16xQQ64x", 0x315254454D50434D, 1, 4096, 1, 2, offset, 0)
    return memory_file(head + bytes(4096 * 16))


class Pep:
    """reads names the ends that are read in the background: "server", "client", "audit", "errors"."""

    def __init__(self, policy='{"version":1}', reads=("server", "client", "audit", "errors"), name="s", socket_out=False):
        bundle = json.dumps([{"origin": "test", "ceiling": False, "text": policy}]).encode()
        self.policy = memory_file(bundle)
        client, self.client = os.pipe()
        # Node gives its children sockets, and they hang up in another way than pipes.
        self.to_client, out = (s.detach() for s in socket.socketpair()) if socket_out else os.pipe()
        self.to_server, server_in = os.pipe()
        server_out, self.server = os.pipe()
        server_err, self.stderr = os.pipe()
        self.errors, errors = os.pipe()
        self.audit, audit = os.pipe()
        given = [self.policy, server_in, server_out, server_err, audit]
        argv = [PEP, "--policy-fd", self.policy, "--server-in", server_in, "--server-out", server_out,
                "--server-err", server_err, "--audit-fd", audit, "--server", name, "--session", ""]
        if '"rate"' in policy:
            given.append(counters())
            argv += ["--rates-fd", given[-1]]
        self.process = subprocess.Popen([str(a) for a in argv], stdin=client, stdout=out, stderr=errors,
                                        pass_fds=given)
        for fd in (*given, client, out, errors):
            os.close(fd)
        self.changed = threading.Condition()
        ends = {"server": self.to_server, "client": self.to_client, "audit": self.audit, "errors": self.errors}
        self.readers = {n: Reader(ends[n], self.changed) for n in reads}

    def wait(self, condition, seconds=SECONDS):
        """Until the condition holds or no reader can change it any more."""
        with self.changed:
            self.changed.wait_for(lambda: condition() or all(r.ended for r in self.readers.values()), seconds)
            return condition()

    def write(self, end, data):
        """All of it, while readers run; end is "client", "server" or "stderr"."""
        fd = getattr(self, end)
        view = memoryview(data)
        while view:
            view = view[os.write(fd, view[:1 << 20]):]

    def close(self, end):
        os.close(getattr(self, end))
        setattr(self, end, -1)

    def end(self):
        """The client's end, then the server's; every reader ran to its end."""
        for end in ("client", "stderr", "server"):
            if end == "server" and "server" in self.readers:
                self.wait(lambda: self.readers["server"].ended)
            if getattr(self, end) >= 0:
                self.close(end)
        self.wait(lambda: False)
        return self.process.wait(SECONDS)


def resident(pid):
    """KiB: the proportional share where we may read it, else all that is resident."""
    try:
        with open(f"/proc/{pid}/smaps_rollup") as f:
            for line in f:
                if line.startswith("Pss:"):
                    return int(line.split()[1])
    except PermissionError:
        pass
    with open(f"/proc/{pid}/statm") as f:
        return int(f.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024


def writable(fd):
    return bool(select.select([], [fd], [], 0)[1])


def limit(name):
    """A bound of common/limits.h, in bytes."""
    top = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    source = f'#include <stdio.h>\n#include "common/limits.h"\nint main(void) {{ printf("%zu", (size_t)({name})); }}'
    with tempfile.TemporaryDirectory() as made:
        subprocess.run(["cc", "-I", top, "-x", "c", "-", "-o", made + "/l"], input=source, text=True, check=True)
        return int(subprocess.run([made + "/l"], capture_output=True, text=True, check=True).stdout)
