"""Prints what a program needs to use the server of this folder, as lines for a shell: eval "$(python examples/environment.py)".

Arguments are passed on to `muster credentials` (`--data-dir`, `--database-url`, `--tenant`).
"""

import json
import shlex
import subprocess
import sys

command = [sys.executable, "-m", "muster", "credentials", "--json", *sys.argv[1:]]
answer = subprocess.run(command, stdout=subprocess.PIPE, check=False)
if answer.returncode:
    sys.exit(answer.returncode)  # the command has said why

found = json.loads(answer.stdout)
wanted = {
    "auth0": ("domain", "client_id", "client_secret"),
    "clerk": ("secret_key",),
    "monocloud": ("domain", "api_key"),
    "mattr": ("tenant_url", "auth_url", "client_id", "client_secret", "audience"),
    "netwrix": ("base_url", "username", "password"),
}
variables = {f"{api}_{name}".upper(): found[api][name] or "" for api, names in wanted.items() for name in names}
variables |= {"CLERK_API_URL": found["clerk"]["base_url"], "MUSTER_URL": found["mattr"]["tenant_url"]}
if found["ca_file"] is not None:
    # From here on programs of that shell trust this server's own authority: Python's, curl and git; Node's beside others.
    variables |= {"SSL_CERT_FILE": found["ca_file"], "NODE_EXTRA_CA_CERTS": found["ca_file"]}
for name, value in variables.items():
    print(f"export {name}={shlex.quote(value)}")
