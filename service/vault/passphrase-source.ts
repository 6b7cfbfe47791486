import { type KeyObject, randomBytes, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Secret } from '../runtime/secret.ts'
import { expand, type HashName, importKey, joinFields, KEY_BYTES, stretch } from './derive.ts'
import { type KeySource, unavailable } from './key-source.ts'
import { deriveMaster, remember, unwrapWith, wrapWith } from './local-source.ts'

/** Fewer are refused, whoever asks for them. */
export const MIN_ITERATIONS = 100_000
/** OWASP's figure for PBKDF2-HMAC-SHA-512, August 2026. */
export const DEFAULT_ITERATIONS = 220_000
const MIN_CHARACTERS = 16
const HASH: HashName = 'sha512'

const Parameters = z.object({
  hash: z.literal(HASH),
  iterations: z.number().int().min(MIN_ITERATIONS),
  salt: z.base64(),
  fingerprint: z.string().regex(/^[0-9a-f]{32}$/),
})

export interface PassphraseOptions {
  readonly passphrase: Secret
  readonly iterations?: number | undefined
  readonly environment: string
}

/**
 * A passphrase, for laptops and tests. Each version has a salt, a hash and a number of iterations of its own, kept beside it with a
 * fingerprint that tells a wrong passphrase. Throws a plain Error, without the passphrase, when it is short or the iterations are few.
 */
export function createPassphraseSource({
  passphrase,
  iterations = DEFAULT_ITERATIONS,
  environment,
}: PassphraseOptions): KeySource {
  if (passphrase.reveal().length < MIN_CHARACTERS)
    throw new Error(`The vault passphrase must have ${MIN_CHARACTERS} characters or more`)
  if (!(iterations >= MIN_ITERATIONS)) throw new Error(`PBKDF2 needs ${MIN_ITERATIONS} iterations or more`)
  const rootOf = async (salt: string, rounds: number): Promise<KeyObject> => {
    const bytes = Buffer.from(passphrase.reveal(), 'utf8')
    const root = await stretch(bytes, {
      hash: HASH,
      salt: Buffer.from(salt, 'base64'),
      iterations: rounds,
      bytes: KEY_BYTES,
    })
    bytes.fill(0)
    return importKey(root)
  }
  const keyOf = remember(async ({ parameters }) => {
    const known = Parameters.safeParse(parameters)
    if (!known.success) throw unavailable('passphrase', 'parameters_refused')
    const { salt, fingerprint } = known.data
    const root = await rootOf(salt, known.data.iterations)
    if (!timingSafeEqual(fingerprintOf(root), Buffer.from(fingerprint, 'hex')))
      throw unavailable('passphrase', 'wrong_passphrase')
    return deriveMaster(root, salt, environment)
  })
  return {
    source: 'passphrase',
    reference: 'passphrase',
    concurrency: 1,
    async newVersion() {
      const salt = randomBytes(16).toString('base64')
      const fingerprint = fingerprintOf(await rootOf(salt, iterations)).toString('hex')
      return { hash: HASH, iterations, salt, fingerprint }
    },
    wrap: async (version, context, secret) => wrapWith(await keyOf(version), { version, context }, secret),
    unwrap: async (version, context, wrapped) => unwrapWith(await keyOf(version), { version, context }, wrapped),
  }
}

function fingerprintOf(root: KeyObject): Buffer {
  return expand(root, { salt: Buffer.alloc(0), info: joinFields(['tributary/v2/key_id']), bytes: 16 })
}
