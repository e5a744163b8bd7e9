// The identity provider of the package samlp: checks our request and its signature, and signs somebody in.
import samlp from "samlp";

const said = JSON.parse(process.argv[2]);
const query = Object.fromEntries(new URL(said.url).searchParams);
const request = { method: "GET", query, user: said.user, url: said.url, originalUrl: said.url };
const response = { set() {}, send: (body) => process.stdout.write(JSON.stringify({ html: String(body) })) };
const options = {
  issuer: said.issuer,
  cert: said.cert,
  key: said.key,
  signingCert: said.signingCert,
  signResponse: said.signResponse,
  recipient: said.acs,
  destination: said.acs,
  getPostURL: (audience, document, _, done) =>
    done(null, document.documentElement.getAttribute("AssertionConsumerServiceURL")),
};
samlp.auth(options)(request, response, (error) => {
  process.stdout.write(JSON.stringify({ error: String(error) }));
});
