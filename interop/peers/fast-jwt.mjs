import { createSigner, createVerifier } from 'fast-jwt'
import { serve } from './lines.mjs'

await serve('fast-jwt', {
  sign: ({ alg, key, claims }) => ({ token: createSigner({ key, algorithm: alg })(claims) }),
  verify: ({ alg, key, token, audience, now }) => {
    const clockTimestamp = now === undefined ? undefined : now * 1000
    const verifier = createVerifier({ key, algorithms: [alg], allowedAud: audience, clockTimestamp })
    return { claims: verifier(token) }
  },
})
