import { webcrypto } from 'node:crypto'
import { SignJWT, importPKCS8, importSPKI, jwtVerify } from 'jose'
import { serve } from './lines.mjs'

globalThis.crypto ??= webcrypto // Node 18 has it under the module's name alone

const key = (pem, alg, parse) => (alg.startsWith('HS') ? new TextEncoder().encode(pem) : parse(pem, alg))

await serve('jose', {
  async sign({ alg, key: pem, claims }) {
    const token = new SignJWT(claims).setProtectedHeader({ alg, typ: 'JWT' })
    return { token: await token.sign(await key(pem, alg, importPKCS8)) }
  },
  async verify({ alg, key: pem, token, audience, now }) {
    const currentDate = now === undefined ? undefined : new Date(now * 1000)
    const options = { algorithms: [alg], audience, currentDate }
    return { claims: (await jwtVerify(token, await key(pem, alg, importSPKI), options)).payload }
  },
})
