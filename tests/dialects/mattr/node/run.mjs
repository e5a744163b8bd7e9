// Runs Postman collections, one after the other, by Postman's own runner. The file that is named lists them; before each, what
// it names is made at its address, and the new id is handed in. Told as JSON: by collection, rows of name, method and status.
import { readFileSync } from "node:fs";
import newman from "newman";

async function make(url, token, body) {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const answer = await fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
  if (answer.status !== 201) throw new Error(`${url}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()).id;
}

const told = {};
for (const { name, collection, environment, variables, made } of JSON.parse(readFileSync(process.argv[2], "utf-8"))) {
  const values = { ...variables };
  for (const [variable, url, body] of made) values[variable] = await make(url, variables.bearerToken, body);
  const envVar = Object.entries(values).map(([key, value]) => ({ key, value }));
  const { run } = await new Promise((resolve, reject) =>
    newman.run({ collection, environment, envVar, reporters: [] }, (error, summary) => (error ? reject(error) : resolve(summary))),
  );
  told[name] = {
    answers: run.executions.map(({ item, request, response }) => [item.name, request.method, response?.code ?? null]),
    failures: run.failures.map(({ error, source }) => [source?.name ?? null, error.message]),
  };
}
console.log(JSON.stringify(told));
