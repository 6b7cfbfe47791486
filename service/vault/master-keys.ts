import type { Database, Db, Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { type KeySource, type MasterVersion, unavailable, type WrapContext } from './key-source.ts'
import {
  findCurrentVersion,
  findVersion,
  insertCurrentVersion,
  listVersions,
  lockCurrentVersion,
} from './master-queries.ts'

export interface Wrapped {
  readonly wrappedKey: Buffer
  readonly masterVersion: number
}

type Purpose = Pick<WrapContext, 'purpose' | 'keyId'>

/** The master keys of this installation: one version wraps, earlier ones still unwrap. */
export interface MasterKeys {
  /**
   * Throws a plain Error when keys are wrapped by a master key that is not configured, or belong to another environment. Registers
   * the configured master key when it is new here.
   */
  ready(db: Database): Promise<void>
  /** The current version; made when there is none. It stays current until the transaction ends. */
  lockCurrent(tx: Tx): Promise<MasterVersion>
  findCurrent(db: Db): Promise<MasterVersion | undefined>
  get(db: Db, version: number): Promise<MasterVersion>
  wrap(version: MasterVersion, context: Purpose, secret: Buffer): Promise<Wrapped>
  unwrap(db: Db, context: Purpose, wrapped: Wrapped): Promise<Buffer>
  /** Where the source can, the secret does not leave it. */
  rewrap(db: Db, target: MasterVersion, key: Wrapped & Purpose): Promise<Wrapped>
  /** Makes a new version, with a new key at the source where that is possible, and makes it current. */
  rotate(db: Database, note: (tx: Tx, version: MasterVersion) => Promise<void>): Promise<MasterVersion>
  concurrencyOf(version: MasterVersion): number
}

export interface MasterKeysOptions {
  /** What wraps. */
  readonly source: KeySource
  /** What still unwraps beside it. */
  readonly openingSources: readonly KeySource[]
  readonly environment: string
}

export function createMasterKeys({ source, openingSources, environment }: MasterKeysOptions): MasterKeys {
  const sources = new Map([...openingSources, source].map((one) => [nameOf(one), one]))
  // Immutable but for their state, which nobody asks them for.
  const versions = new Map<number, MasterVersion>()
  const sourceOf = (version: MasterVersion): KeySource => {
    const found = sources.get(nameOf(version))
    if (found === undefined) throw unavailable(version.source, 'not_configured')
    return found
  }
  const contextOf = ({ purpose, keyId }: Purpose): WrapContext => ({ environment, purpose, keyId })
  const register = async (tx: Tx, parameters: MasterVersion['parameters']) =>
    await insertCurrentVersion(tx, { source: source.source, reference: source.reference, parameters, environment })

  const keys: MasterKeys = {
    ready: (db) => makeReady(db, { sources, source, environment, register }),
    async lockCurrent(tx) {
      const current = await lockCurrentVersion(tx)
      if (current !== undefined) return current
      const parameters = await source.newVersion(true)
      await tx.query({ text: 'lock table vault.master_key_versions in share row exclusive mode', values: [] })
      return (await lockCurrentVersion(tx)) ?? (await register(tx, parameters))
    },
    findCurrent: findCurrentVersion,
    async get(db, number) {
      const version = versions.get(number) ?? (await findVersion(db, number))
      if (version === undefined) throw new AppError('vault/unreadable')
      versions.set(number, version)
      return version
    },
    async wrap(version, context, secret) {
      const wrappedKey = await sourceOf(version).wrap(version, contextOf(context), secret)
      return { wrappedKey, masterVersion: version.version }
    },
    async unwrap(db, context, { wrappedKey, masterVersion }) {
      const version = await keys.get(db, masterVersion)
      return await sourceOf(version).unwrap(version, contextOf(context), wrappedKey)
    },
    async rewrap(db, target, { wrappedKey, masterVersion, ...context }) {
      const from = sourceOf(await keys.get(db, masterVersion))
      if (from === sourceOf(target) && from.rewrap !== undefined)
        return { wrappedKey: await from.rewrap(contextOf(context), wrappedKey), masterVersion: target.version }
      const secret = await keys.unwrap(db, context, { wrappedKey, masterVersion })
      try {
        return await keys.wrap(target, context, secret)
      } finally {
        secret.fill(0)
      }
    },
    async rotate(db, note) {
      const parameters = await source.newVersion(false)
      return await db.transaction(async (tx) => {
        const version = await register(tx, parameters)
        await note(tx, version)
        return version
      })
    },
    concurrencyOf: (version) => sourceOf(version).concurrency,
  }
  return keys
}

interface Readiness {
  readonly sources: ReadonlyMap<string, KeySource>
  readonly source: KeySource
  readonly environment: string
  readonly register: (tx: Tx, parameters: MasterVersion['parameters']) => Promise<MasterVersion>
}

async function makeReady(db: Database, { sources, source, environment, register }: Readiness): Promise<void> {
  const known = await listVersions(db)
  const foreign = known.find((version) => version.state !== 'retired' && version.environment !== environment)
  if (foreign !== undefined)
    throw new Error(`The vault's keys belong to environment "${foreign.environment}", and this is "${environment}"`)
  const missing = known.find((version) => version.keys > 0 && !sources.has(nameOf(version)))
  if (missing !== undefined)
    throw new Error(
      `${missing.keys} keys of the vault are wrapped by a master key that is not configured: ${missing.source} ${missing.reference}`,
    )
  if (known.some((version) => nameOf(version) === nameOf(source) && version.state !== 'retired')) return
  const parameters = await source.newVersion(true)
  await db.transaction(async (tx) => {
    await tx.query({ text: 'lock table vault.master_key_versions in share row exclusive mode', values: [] })
    const others = await listVersions(tx)
    if (others.every((version) => nameOf(version) !== nameOf(source) || version.state === 'retired'))
      await register(tx, parameters)
  })
}

function nameOf({ source, reference }: { source: string; reference: string }): string {
  return `${source}:${reference}`
}
