// oauth2-mock-server: a provider for tests, which signs with its keys in turn.
import { OAuth2Server } from 'oauth2-mock-server'
import { serve } from './lines.mjs'

const server = new OAuth2Server()

await serve('oauth2-mock-server', {
  // Makes a key more, which it publishes and signs with from now on.
  async generate({ alg, kid }) {
    await server.issuer.keys.generate(alg, { kid })
    return {}
  },

  // Begins to serve, at a free port.
  async serve() {
    await server.start(0, '127.0.0.1')
    return { issuer: server.issuer.url }
  },
})
