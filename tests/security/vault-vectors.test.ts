import { createSecretKey } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { decryptGcm, encryptGcm, type GcmInput } from '../../service/vault/aes-gcm.ts'
import { BoxKey } from '../../service/vault/box-key.ts'
import { expand, stretch } from '../../service/vault/derive.ts'
import { placeOf, seal } from '../../service/vault/seal.ts'

/** C2SP/wycheproof, testvectors_v1; never copied into this repository. */
const VECTORS = join(import.meta.dirname, '../../../shared/data/wycheproof')
const here = existsSync(VECTORS)
if (!here) process.stdout.write(`skipped: Wycheproof's vectors are not in ${VECTORS}\n`)

interface File<Case> {
  readonly testGroups: readonly { readonly tests: readonly (Case & Judged)[] }[]
}
interface Judged {
  readonly tcId: number
  readonly result: 'valid' | 'invalid' | 'acceptable'
}
const casesOf = <Case>(name: string) => {
  const file = JSON.parse(readFileSync(join(VECTORS, `${name}_test.json`), 'utf8')) as File<Case>
  return file.testGroups.flatMap(({ tests }) => tests)
}
const REFUSED = 'refused'
const orRefused = (work: () => string): string => {
  try {
    return work()
  } catch {
    return REFUSED
  }
}
const sealedAs = (input: GcmInput, plaintext: Buffer): string => {
  const { ciphertext, tag } = encryptGcm(input, plaintext)
  return `${ciphertext.toString('hex')} ${tag.toString('hex')}`
}
const hex = (text: string) => Buffer.from(text, 'hex')

interface GcmCase {
  readonly key: string
  readonly iv: string
  readonly aad: string
  readonly msg: string
  readonly ct: string
  readonly tag: string
}
/** Nonces of 2056 bits, which Node refuses. */
const TOO_LONG_A_NONCE = [268, 272, 276]

describe.skipIf(!here)("Wycheproof's vectors, through the vault's own functions", () => {
  test('of AES-GCM: what is valid seals to the same bytes and opens, what is not is refused', () => {
    const cases = casesOf<GcmCase>('aes_gcm').filter(({ tcId }) => !TOO_LONG_A_NONCE.includes(tcId))
    for (const { tcId, result, key, iv, aad, msg, ct, tag } of cases) {
      const input = { key: createSecretKey(hex(key)), nonce: hex(iv), aad: hex(aad) }
      const opened = orRefused(() => decryptGcm(input, { ciphertext: hex(ct), tag: hex(tag) }).toString('hex'))
      expect([tcId, opened]).toEqual([tcId, result === 'valid' ? msg : REFUSED])
      const sealed = orRefused(() => sealedAs(input, hex(msg)))
      expect([tcId, sealed === `${ct} ${tag}`]).toEqual([tcId, result === 'valid'])
    }
    expect(cases.length).toBe(313)
  })

  interface HkdfCase {
    readonly ikm: string
    readonly salt: string
    readonly info: string
    readonly size: number
    readonly okm: string
  }
  test('of HKDF-SHA256', () => {
    const cases = casesOf<HkdfCase>('hkdf_sha256')
    for (const { tcId, result, ikm, salt, info, size, okm } of cases) {
      const derive = () => expand(hex(ikm), { salt: hex(salt), info: hex(info), bytes: size }).toString('hex')
      expect([tcId, orRefused(derive)]).toEqual([tcId, result === 'valid' ? okm : REFUSED])
    }
    expect(cases.length).toBe(86)
  })

  interface PbkdfCase {
    readonly password: string
    readonly salt: string
    readonly iterationCount: number
    readonly dkLen: number
    readonly dk: string
  }
  test.for(['sha256', 'sha512'] as const)('of PBKDF2-HMAC with %s', async (hash) => {
    const cases = casesOf<PbkdfCase>(`pbkdf2_hmac${hash}`)
    for (const { tcId, result, password, salt, iterationCount, dkLen, dk } of cases) {
      const options = { hash, salt: hex(salt), iterations: iterationCount, bytes: dkLen }
      expect([tcId, result, (await stretch(hex(password), options)).toString('hex')]).toEqual([tcId, 'valid', dk])
    }
    expect(cases.length).toBeGreaterThan(50)
  })
})

describe('an authentication tag', () => {
  const input = { key: createSecretKey(Buffer.alloc(32, 1)), nonce: Buffer.alloc(12, 2), aad: Buffer.from('aad') }
  const { ciphertext, tag } = encryptGcm(input, Buffer.from('a token'))
  test.for([0, 4, 8, 12, 13, 14, 15])('of %i bytes is refused, though its bytes are right', (bytes) => {
    expect(() => decryptGcm(input, { ciphertext, tag: tag.subarray(0, bytes) })).toThrow('16 bytes')
  })
  test('of 16 bytes is accepted', () => {
    expect(decryptGcm(input, { ciphertext, tag }).toString()).toBe('a token')
  })
})

describe('a nonce', () => {
  test('is never repeated in 200,000 boxes of one key', () => {
    const names = { masterId: Buffer.alloc(16), masterVersion: 1, id: Buffer.alloc(16, 1), version: 1 }
    const key = new BoxKey(names, createSecretKey(Buffer.alloc(32, 1)))
    const place = placeOf({
      environment: 'test',
      purpose: 'token',
      table: 't',
      column: 'c',
      userId: '',
      platform: '',
      kind: 'k',
    })
    const nonces = new Set<string>()
    for (let box = 1; box <= 200_000; box += 1) nonces.add(seal(key, place, Buffer.alloc(0)).toString('latin1', 46, 58))
    expect(nonces.size).toBe(200_000)
  })
})
