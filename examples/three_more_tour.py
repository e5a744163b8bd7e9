"""The same user through MonoCloud's, MATTR's and Netwrix's APIs, with nothing but Python (see environment.py)."""

import json
import os
from urllib.request import Request, urlopen


def ask(path, body=None, **headers):
    data = None if body is None else json.dumps(body).encode()
    sent = {"content-type": "application/json", "accept": "application/json"}
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    with urlopen(Request(os.environ["MUSTER_URL"] + path, data, sent)) as answer:
        return json.load(answer)


# MonoCloud
[zoe] = ask("/api/users?filter=zoe_smith2", x_api_key=os.environ["MONOCLOUD_API_KEY"])
print(zoe["user_id"], zoe["claims"]["name"])

# MATTR VII
client = {name: os.environ[f"MATTR_{name.upper()}"] for name in ("client_id", "client_secret", "audience")}
token = ask("/oauth/token", {"grant_type": "client_credentials", **client})["access_token"]
wanted = {"claims": {"email": "zoe_smith2@mail.example.com"}}
[zoe] = ask("/core/v1/users/search", wanted, authorization=f"Bearer {token}")["data"]
print(zoe["id"], zoe["claims"]["name"])

# Netwrix Change Tracker
operator = {"UserName": os.environ["NETWRIX_USERNAME"], "Password": os.environ["NETWRIX_PASSWORD"]}
token = ask("/netwrix/api/auth/credentials", operator)["BearerToken"]
zoe = ask("/netwrix/api/users/zoe_smith2@mail.example.com", authorization=f"Bearer {token}")
print(zoe["Id"], zoe["UserName"], zoe["FirstName"])
