import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from 'jose'
import { afterEach, describe, expect, test } from 'vitest'
import { parseJwtConfig } from './jwt-config.ts'
import { staleAt } from './key-set.ts'
import { createTokenVerifier } from './token.ts'

const servers: Server[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))))
})

/** A JWKS endpoint whose keys the test may change. */
async function serveKeys(keys: JWK[], cacheControl: string) {
  let requests = 0
  const server = createServer((_request, response) => {
    requests += 1
    response.setHeader('cache-control', cacheControl)
    response.setHeader('connection', 'close')
    response.end(JSON.stringify({ keys }))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://localhost:${port}/keys`, requests: () => requests }
}

describe('token verifier', () => {
  test.each(['RS256', 'ES384', 'Ed25519'])('takes a PEM key for %s, and only tokens of that key', async (type) => {
    const { publicKey, privateKey } = await generateKeyPair(type, { extractable: true })
    const { privateKey: foreign } = await generateKeyPair(type)
    const config = parseJwtConfig(JSON.stringify({ type, key: await exportSPKI(publicKey) }))
    const verify = await createTokenVerifier(config)
    const sign = (key: typeof privateKey) => new SignJWT({ sub: 'me' }).setProtectedHeader({ alg: type }).sign(key)
    expect(await verify(await sign(privateKey))).toEqual({ sub: 'me' })
    await expect(sign(foreign).then(verify)).rejects.toThrow('JWSInvalidSignature')
  })

  test('tries every fitting key of a set', async () => {
    const pairs = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256'), generateKeyPair('ES256')])
    const [first, second, stranger] = pairs
    const { url, requests } = await serveKeys(
      [await exportJWK(first!.publicKey), await exportJWK(second!.publicKey)],
      '',
    )
    const verify = await createTokenVerifier(parseJwtConfig(JSON.stringify({ jwk_url: url })))
    const sign = (key: CryptoKey) => new SignJWT({}).setProtectedHeader({ alg: 'ES256' }).sign(key)
    expect(await verify(await sign(second!.privateKey))).toEqual({})
    await expect(sign(stranger!.privateKey).then(verify)).rejects.toThrow('Could not verify JWT')
    expect(requests()).toBe(1)
  })

  test('asks for the set again when it is stale', async () => {
    const [old, fresh] = await Promise.all([generateKeyPair('ES256'), generateKeyPair('ES256')])
    const keys = [{ ...(await exportJWK(old.publicKey)), kid: 'old' }]
    const { url } = await serveKeys(keys, 'max-age=0')
    const verify = await createTokenVerifier(parseJwtConfig(JSON.stringify({ jwk_url: url })))
    keys.splice(0, 1, { ...(await exportJWK(fresh.publicKey)), kid: 'fresh' })
    const token = await new SignJWT({}).setProtectedHeader({ alg: 'ES256', kid: 'fresh' }).sign(fresh.privateKey)
    expect(await verify(token)).toEqual({})
  })
})

test.each([
  ['nothing said', {}, undefined],
  ['max-age', { 'cache-control': 'public, max-age=600' }, 600_000],
  ['s-maxage first', { 'cache-control': 's-maxage=5, max-age=600' }, 5000],
  ['no-cache', { 'cache-control': 'no-cache' }, 60_000],
  ['expires', { expires: 'Thu, 01 Jan 1970 00:00:09 GMT' }, 9000],
])('key set is stale after: %s', (_name, headers, expected) => {
  expect(staleAt(new Headers(headers), 0)).toBe(expected)
})
