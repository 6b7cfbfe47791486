import { type KeyObject, randomBytes } from 'node:crypto'
import { z } from 'zod'
import type { Secret } from '../runtime/secret.ts'
import { BoxKey, masterIdOf, uuidBytes } from './box-key.ts'
import { expand, importKey, joinFields, KEY_BYTES } from './derive.ts'
import { contextBytes, type KeySource, type MasterVersion, type WrapContext } from './key-source.ts'
import { readRandomKey } from './random-key.ts'
import { open, placeOf, seal } from './seal.ts'

const Parameters = z.object({ salt: z.base64() })
const NO_SALT = Buffer.alloc(0)

/**
 * 32 random bytes that the operator keeps. Every version is a key of its own, derived from them with the version's salt and the
 * environment; the reference is a fingerprint. Throws a plain Error when the secret is no such key.
 */
export function createLocalSource(secret: Secret, environment: string): KeySource {
  const root = readRandomKey(secret)
  const reference = expand(root, { salt: NO_SALT, info: joinFields(['tributary/v2/key_id']), bytes: 16 }).toString(
    'hex',
  )
  const keyOf = remember(({ parameters }) => deriveMaster(root, Parameters.parse(parameters).salt, environment))
  return {
    source: 'local',
    reference,
    concurrency: 1,
    newVersion: async () => ({ salt: randomBytes(16).toString('base64') }),
    wrap: async (version, context, key) => wrapWith(await keyOf(version), { version, context }, key),
    unwrap: async (version, context, wrapped) => unwrapWith(await keyOf(version), { version, context }, wrapped),
  }
}

/** HKDF: the same root in another environment, or with another salt, is another key. */
export function deriveMaster(root: KeyObject, salt: string, environment: string): KeyObject {
  const info = joinFields(['tributary/v2/master_key', environment])
  return importKey(expand(root, { salt: Buffer.from(salt, 'base64'), info, bytes: KEY_BYTES }))
}

interface Wrapping {
  readonly version: MasterVersion
  readonly context: WrapContext
}

/** The secret as a box of the vault's own format, sealed by the master key. */
export function wrapWith(key: KeyObject, wrapping: Wrapping, secret: Buffer): Buffer {
  return seal(boxKeyOf(key, wrapping), placeOfWrapping(wrapping), secret)
}

export function unwrapWith(key: KeyObject, wrapping: Wrapping, wrapped: Buffer): Buffer {
  return open(boxKeyOf(key, wrapping), placeOfWrapping(wrapping), wrapped)
}

/** Derived or stretched once for each version. */
export function remember(
  make: (version: MasterVersion) => KeyObject | Promise<KeyObject>,
): (version: MasterVersion) => Promise<KeyObject> {
  const keys = new Map<number, Promise<KeyObject>>()
  return (version) => {
    const known = keys.get(version.version)
    if (known !== undefined) return known
    const made = Promise.resolve(version).then(make)
    keys.set(version.version, made)
    made.catch(() => keys.delete(version.version))
    return made
  }
}

function boxKeyOf(key: KeyObject, { version, context }: Wrapping): BoxKey {
  const names = {
    masterId: masterIdOf(version),
    masterVersion: version.version,
    id: uuidBytes(context.keyId),
    version: 0,
  }
  return new BoxKey(names, key)
}

function placeOfWrapping({ context }: Wrapping) {
  return placeOf({
    environment: context.environment,
    purpose: 'master',
    table: context.purpose === 'token' ? 'vault.user_keys' : 'vault.purpose_keys',
    column: 'wrapped_key',
    userId: '',
    platform: '',
    kind: contextBytes(context).toString('base64'),
  })
}
