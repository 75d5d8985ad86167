// oidc-provider: an OpenID provider with a client and an API for each algorithm.
// It has no page to log in: whoever comes is the user "ada".
import { once } from 'node:events'
import { createServer } from 'node:http'
import { exportJWK, generateKeyPair } from 'jose'
import { Provider } from 'oidc-provider'
import { serve } from './lines.mjs'

const algorithms = ['RS256', 'ES256', 'EdDSA', 'Ed25519']
const user = 'ada'

let respond
const server = createServer((request, response) => respond(request, response))

const configuration = (jwks) => ({
  jwks,
  clients: algorithms.map((alg) => ({
    client_id: `client-${alg}`,
    client_secret: 'a secret of the tests',
    redirect_uris: ['https://client.test/callback'],
    grant_types: ['authorization_code', 'client_credentials'],
    response_types: ['code'],
    token_endpoint_auth_method: 'client_secret_post',
    id_token_signed_response_alg: alg,
  })),
  features: {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      useGrantedResource: () => true,
      getResourceServerInfo: (_, resource) => ({
        scope: 'read',
        audience: resource,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: resource.split('/').at(-1) } },
      }),
    },
  },
  cookies: { keys: ['another secret of the tests'] },
  findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id }) }),
  interactions: { url: (_, { uid }) => `/login/${uid}` },
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId })
    grant.addOIDCScope('openid')
    grant.addResourceScope(oidc.params.resource, 'read')
    await grant.save()
    return grant
  },
})

await serve('oidc-provider', {
  // A private key of each algorithm.
  async generate({ name }) {
    const keys = []
    for (const alg of algorithms) {
      const { privateKey } = await generateKeyPair(alg, { extractable: true })
      keys.push({ ...(await exportJWK(privateKey)), kid: `${alg}-${name}`, alg, use: 'sig' })
    }
    return { jwks: { keys } }
  },

  // Begins to serve, at a free port if it is 0, or goes on with other keys.
  async serve({ port, jwks }) {
    if (!server.listening) await once(server.listen(port, '127.0.0.1'), 'listening')
    const issuer = `http://127.0.0.1:${server.address().port}`
    const provider = new Provider(issuer, configuration(jwks))
    const callback = provider.callback()
    respond = (request, response) =>
      request.url.startsWith('/login/')
        ? provider.interactionFinished(request, response, { login: { accountId: user } })
        : callback(request, response)
    return { issuer }
  },
})
