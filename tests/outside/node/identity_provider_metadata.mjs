// The metadata that the package samlp publishes of its identity provider.
import samlp from "samlp";

const said = JSON.parse(process.argv[2]);
const request = { headers: { host: "idp.example.com" }, protocol: "https", url: "/metadata", originalUrl: "/metadata" };
const response = { set() {}, send: (body) => process.stdout.write(JSON.stringify({ xml: String(body) })) };
const options = {
  issuer: said.issuer,
  cert: said.cert,
  redirectEndpointPath: "/sso",
  postEndpointPath: "/sso",
};
samlp.metadata(options)(request, response, (error) => {
  process.stdout.write(JSON.stringify({ error: String(error) }));
});
