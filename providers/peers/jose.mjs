// jose reads with createRemoteJWKSet, and signs with keys of its own.
import { calculateJwkThumbprint, createRemoteJWKSet, exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose'
import { serve } from './lines.mjs'

let keys

await serve('jose', {
  // By default it looks for new keys 30 seconds after it did so last.
  open({ url }) {
    keys = createRemoteJWKSet(new URL(url), { cooldownDuration: 0 })
    return {}
  },
  async read({ token, ...options }) {
    const { payload } = await jwtVerify(token, keys, options)
    return { subject: payload.sub }
  },
  async sign({ alg, claims }) {
    const { privateKey, publicKey } = await generateKeyPair(alg)
    const jwk = await exportJWK(publicKey)
    const kid = await calculateJwkThumbprint(jwk)
    return { token: await new SignJWT(claims).setProtectedHeader({ alg, kid }).sign(privateKey), jwk: { ...jwk, kid } }
  },
  thumbprint: async ({ jwk }) => ({ thumbprint: await calculateJwkThumbprint(jwk) }),
})
