import jsonwebtoken from 'jsonwebtoken'
import { serve } from './lines.mjs'

await serve('jsonwebtoken', {
  sign: ({ alg, key, claims }) => ({ token: jsonwebtoken.sign(claims, key, { algorithm: alg }) }),
  verify: ({ alg, key, token, audience, now }) => ({
    claims: jsonwebtoken.verify(token, key, { algorithms: [alg], audience, clockTimestamp: now }),
  }),
})
