"""Lets one person sign in to "My shop", which muster-data/my-shop.json describes, and says who came."""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import urlsplit

from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session

app = json.loads(Path("muster-data/my-shop.json").read_text())
[callback] = app["redirect_uris"]
shop = OAuth2Session(
    app["client_id"],
    app["client_secret"],
    redirect_uri=callback,
    scope="openid profile email",
    code_challenge_method="S256",
)
issuer = shop.get(f"{app['issuer']}.well-known/openid-configuration", withhold_token=True).json()


class Callback(BaseHTTPRequestHandler):
    timeout = 1  # browsers open connections that they never use

    def do_GET(self):
        answers.append(self.path)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"My shop goes on in the terminal.")


answers = []
verifier = generate_token(48)
url, shop.state = shop.create_authorization_url(issuer["authorization_endpoint"], code_verifier=verifier)
with HTTPServer(("127.0.0.1", urlsplit(callback).port), Callback) as server:
    print("Sign in at", url, flush=True)
    while not answers:
        server.handle_request()

shop.fetch_token(issuer["token_endpoint"], authorization_response=answers[0], code_verifier=verifier)
person = shop.get(issuer["userinfo_endpoint"]).json()
print(f"{person['name']} <{person['email']}> is {person['sub']}")
