# SPDX-License-Identifier: Apache-2.0
"""A far end for tests of the network: a namespace in which names lead to 127.0.0.1, and
HTTPS and HTTP servers there that answer for any of them.

Root makes the namespaces (an ordinary user through sudo); mcp-confine runs as an ordinary
user in them.
"""
import fcntl
import os
import pathlib
import pwd
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading

BIG = 24 << 20
MARK = "MCP_CONFINE_FAR_END"


def make_certificate(where, names):
    config = "\n".join(["[req]", "distinguished_name=d", "x509_extensions=e", "prompt=no", "[d]",
                        "CN=stand-in", "[e]", "basicConstraints=critical,CA:true",
                        "subjectAltName=" + ",".join("DNS:" + n for n in [*names, "localhost"])])
    (where / "cnf").write_text(config)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                    "-keyout", where / "key", "-out", where / "cert", "-config", where / "cnf"],
                   check=True, capture_output=True)


class FarEnd:
    """Counts what arrives, and answers: /big with BIG bytes, everything else with its Host,
    or with what answer(host, path) gives; None is 404.  `heads` keeps what was asked.
    `demands` names hosts that answer 401 without that value of Authorization."""

    def __init__(self, where, answer=None):
        self.answer = answer
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(where / "cert", where / "key")
        self.arrived, self.heads, self.demands = [], [], {}
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 4433))
        self.udp.setblocking(False)
        for port, tls in ((443, True), (80, False), (2525, False), (9443, True)):
            s = socket.create_server(("127.0.0.1", port), backlog=64)
            threading.Thread(target=self.serve, args=(s, port, tls), daemon=True).start()

    def serve(self, listener, port, tls):
        while True:
            c, _ = listener.accept()
            threading.Thread(target=self.one, args=(c, port, tls), daemon=True).start()

    def one(self, c, port, tls):
        self.arrived.append(port)
        try:
            if port == 2525:
                c.sendall(b"220 hello\r\n")
                c.sendall(c.recv(100).upper())
                c.close()
                return
            if tls:
                c = self.context.wrap_socket(c, server_side=True)
            data = b""
            while True:
                while b"\r\n\r\n" not in data:
                    more = c.recv(65536)
                    if not more:
                        return
                    data += more
                head, data = data.split(b"\r\n\r\n", 1)
                path = head.split(b" ")[1]
                self.heads.append(head)
                host = [l for l in head.split(b"\r\n") if l.lower().startswith(b"host:")][0]
                kind = b"text/plain"
                name = host.split(b":")[1].strip().decode()
                given = [l.split(b":", 1)[1].strip() for l in head.split(b"\r\n") if l.lower().startswith(b"authorization:")]
                if name in self.demands and given != [self.demands[name].encode()]:
                    c.sendall(b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")
                    continue
                if self.answer:
                    length = [l for l in head.split(b"\r\n") if l.lower().startswith(b"content-length:")]
                    want = int(length[0].split(b":")[1]) if length else 0
                    while len(data) < want:
                        data += c.recv(65536)
                    data = data[want:]
                    body, kind = self.answer(host.split(b":")[1].strip().decode(), path.decode()), b"application/json"
                else:
                    body = b"x" * BIG if path == b"/big" else b"seen " + host
                status = b"404 Not Found" if body is None else b"200 OK"
                body = body or b""
                if body.startswith(b"<"):
                    kind = b"text/html"
                c.sendall(b"HTTP/1.1 %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n"
                          % (status, kind, len(body)) + body)
        except OSError:
            pass


def bring_up_loopback():
    request = struct.pack("16sh", b"lo", 1)  # IFF_UP
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8914, request)  # SIOCSIFFLAGS


class Place:
    """A directory of the ordinary user's with a certificate, and how to start as that user."""

    def __init__(self, names, hosts=""):
        self.account = pwd.getpwnam(os.environ.get("SUDO_USER") or
                                    os.environ.get("MCP_CONFINE_TEST_ACCOUNT") or "mcpconfine-test")
        self.home = pathlib.Path(self.account.pw_dir)
        self.top = pathlib.Path(tempfile.mkdtemp(prefix="mcpc-net-", dir=self.home))
        self.servers = self.home / ".config/mcp-confine/servers"
        self.log = self.home / ".local/state/mcp-confine/audit/net-test.jsonl"
        self.as_user = ["setpriv", "--reuid", str(self.account.pw_uid), "--regid", str(self.account.pw_gid),
                        "--clear-groups", "--inh-caps=-all", "env", "-i", f"HOME={self.home}",
                        f"USER={self.account.pw_name}", "PATH=/usr/bin:/bin", f"CERT={self.top}/cert",
                        f"NODE_EXTRA_CA_CERTS={self.top}/cert"]
        subprocess.run([*self.as_user, "mkdir", "-p", str(self.servers)], check=True)
        make_certificate(self.top, names)
        (self.top / "hosts").write_text("127.0.0.1 localhost " + " ".join(names) + "\n" + hosts)
        subprocess.run(["mount", "--bind", self.top / "hosts", "/etc/hosts"], check=True)
        os.chmod(self.top, 0o755)
        for name in ("cert", "hosts"):
            os.chmod(self.top / name, 0o644)
        bring_up_loopback()

    def write_policy(self, name, text):
        path = self.servers / f"{name}.json"
        path.write_text(text)
        path.chmod(0o600)
        os.chown(path, self.account.pw_uid, self.account.pw_gid)
        return path


def enter(program, **more):
    """Run `program` (a path below tests/) again in namespaces of its own, as root, with more
    variables."""
    here = pathlib.Path(__file__).resolve().parent
    env = [MARK + "=1", *(f"{k}={v}" for k, v in more.items())]
    if os.getuid() == 0:
        account = os.environ.get("MCP_CONFINE_TEST_ACCOUNT", "mcpconfine-test")
        subprocess.run([here / "as-user", "--stage-only"], check=True)
        env.append(f"MCP_CONFINE_BUILD={pwd.getpwnam(account).pw_dir}/mcp-confine-tests/build")
    command = ["env", *env, "unshare", "--net", "--mount", "--pid", "--fork", "--mount-proc",
               sys.executable, str(here.parent / program), *sys.argv[1:]]
    if os.getuid() != 0:
        build = os.environ.get("MCP_CONFINE_BUILD") or str(here.parent.parent / "build")
        command = ["sudo", "-n", "env", f"MCP_CONFINE_BUILD={build}", *command]
    os.execvp(command[0], command)
