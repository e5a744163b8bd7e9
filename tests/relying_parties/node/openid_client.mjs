// A small web application around openid-client: /login, /callback, /refresh, /logout. It prints its address when it listens.
import { createServer } from 'node:http'
import * as client from 'openid-client'

const [issuer, clientId, clientSecret, port] = process.argv.slice(2)
const home = `http://127.0.0.1:${port}`
const config = await client.discovery(new URL(issuer), clientId, clientSecret)
let begun, tokens

const pages = {
  async '/login'(url, response) {
    begun = {
      pkceCodeVerifier: client.randomPKCECodeVerifier(),
      expectedState: client.randomState(),
      expectedNonce: client.randomNonce(),
      maxAge: url.searchParams.has('max_age') ? Number(url.searchParams.get('max_age')) : undefined,
    }
    const parameters = {
      redirect_uri: `${home}/callback`,
      scope: 'openid profile email offline_access',
      code_challenge: await client.calculatePKCECodeChallenge(begun.pkceCodeVerifier),
      code_challenge_method: 'S256',
      state: begun.expectedState,
      nonce: begun.expectedNonce,
      ...Object.fromEntries(url.searchParams),
    }
    response.writeHead(302, { location: client.buildAuthorizationUrl(config, parameters).href }).end()
  },
  async '/callback'(url, response) {
    const { maxAge, ...checks } = begun
    tokens = await client.authorizationCodeGrant(config, url, maxAge === undefined ? checks : { ...checks, maxAge })
    const claims = tokens.claims()
    const userinfo = await client.fetchUserInfo(config, tokens.access_token, claims.sub)
    show(response, { claims, userinfo, refresh: Boolean(tokens.refresh_token), scope: tokens.scope })
  },
  async '/refresh'(url, response) {
    const before = tokens.refresh_token
    tokens = await client.refreshTokenGrant(config, before)
    show(response, { rotated: tokens.refresh_token !== before, claims: tokens.claims() })
  },
  async '/introspect'(url, response) {
    show(response, await client.tokenIntrospection(config, tokens.access_token))
  },
  async '/revoke'(url, response) {
    await client.tokenRevocation(config, tokens.refresh_token)
    show(response, await client.refreshTokenGrant(config, tokens.refresh_token).then(() => 'alive', (e) => e.error))
  },
  async '/logout'(url, response) {
    const parameters = { post_logout_redirect_uri: `${home}/bye`, id_token_hint: tokens.id_token, state: 'goodbye' }
    response.writeHead(302, { location: client.buildEndSessionUrl(config, parameters).href }).end()
  },
  async '/bye'(url, response) {
    show(response, { bye: url.searchParams.get('state') })
  },
}

function show(response, value) {
  response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end(JSON.stringify(value))
}

createServer(async (request, response) => {
  const url = new URL(request.url, home)
  try {
    await (pages[url.pathname] ?? (async () => response.writeHead(404).end()))(url, response)
  } catch (error) {
    response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' })
    response.end(JSON.stringify({ failed: error.code ?? error.name, error: error.error, message: error.message }))
  }
}).listen(Number(port), '127.0.0.1', () => console.log(home))
