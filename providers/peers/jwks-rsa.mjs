// jwks-rsa finds the keys, and jsonwebtoken reads and signs with them.
import { generateKeyPairSync } from 'node:crypto'
import jsonwebtoken from 'jsonwebtoken'
import jwksRSA from 'jwks-rsa'
import { serve } from './lines.mjs'

const pairs = { RS256: ['rsa', { modulusLength: 2048 }], ES256: ['ec', { namedCurve: 'P-256' }] }

let keys

await serve('jwks-rsa', {
  // It forgets a key after cacheMaxAge, by default 10 minutes, and in no other way.
  open({ url }) {
    keys = jwksRSA({ jwksUri: url, cacheMaxAge: 500 })
    return {}
  },
  async read({ token, ...options }) {
    const { kid } = jsonwebtoken.decode(token, { complete: true }).header
    const key = await keys.getSigningKey(kid)
    return { subject: jsonwebtoken.verify(token, key.getPublicKey(), options).sub }
  },
  sign({ alg, claims }) {
    const { privateKey, publicKey } = generateKeyPairSync(...pairs[alg])
    const keyid = 'a key of jsonwebtoken'
    const token = jsonwebtoken.sign(claims, privateKey, { algorithm: alg, keyid })
    return { token, jwk: { ...publicKey.export({ format: 'jwk' }), kid: keyid } }
  },
})
