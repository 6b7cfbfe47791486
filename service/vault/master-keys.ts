import type { Database, Db, Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import { type KeySource, type MasterVersion, unavailable, type WrapContext } from './key-source.ts'
import { findVersion, insertCurrentVersion, listVersions, lockCurrentVersion, lockVersions } from './master-queries.ts'

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
  const register = async (tx: Tx, parameters: MasterVersion['parameters']) =>
    await insertCurrentVersion(tx, { source: source.source, reference: source.reference, parameters, environment })
  return {
    ...createWrapping(sources, environment),
    ready: (db) => makeReady(db, { sources, source, environment, register }),
    async lockCurrent(tx) {
      const current = await lockCurrentVersion(tx)
      if (current !== undefined) return current
      const parameters = await source.newVersion(true)
      await lockVersions(tx)
      return (await lockCurrentVersion(tx)) ?? (await register(tx, parameters))
    },
    async rotate(db, note) {
      const parameters = await source.newVersion(false)
      return await db.transaction(async (tx) => {
        const version = await register(tx, parameters)
        await note(tx, version)
        return version
      })
    },
  }
}

type Sources = ReadonlyMap<string, KeySource>

function createWrapping(
  sources: Sources,
  environment: string,
): Pick<MasterKeys, 'get' | 'wrap' | 'unwrap' | 'rewrap' | 'concurrencyOf'> {
  // Immutable but for their state, which nobody asks them for.
  const versions = new Map<number, MasterVersion>()
  const sourceOf = (version: MasterVersion): KeySource => {
    const found = sources.get(nameOf(version))
    if (found === undefined) throw unavailable(version.source, 'not_configured')
    return found
  }
  const contextOf = ({ purpose, keyId }: Purpose): WrapContext => ({ environment, purpose, keyId })
  const get = async (db: Db, number: number): Promise<MasterVersion> => {
    const version = versions.get(number) ?? (await findVersion(db, number))
    if (version === undefined) throw new AppError('vault/unreadable')
    versions.set(number, version)
    return version
  }
  const wrap = async (version: MasterVersion, context: Purpose, secret: Buffer): Promise<Wrapped> => {
    const wrappedKey = await sourceOf(version).wrap(version, contextOf(context), secret)
    return { wrappedKey, masterVersion: version.version }
  }
  const unwrap = async (db: Db, context: Purpose, { wrappedKey, masterVersion }: Wrapped): Promise<Buffer> => {
    const version = await get(db, masterVersion)
    return await sourceOf(version).unwrap(version, contextOf(context), wrappedKey)
  }
  return {
    get,
    wrap,
    unwrap,
    async rewrap(db, target, { wrappedKey, masterVersion, ...context }) {
      const from = sourceOf(await get(db, masterVersion))
      if (from === sourceOf(target) && from.rewrap !== undefined)
        return { wrappedKey: await from.rewrap(contextOf(context), wrappedKey), masterVersion: target.version }
      const secret = await unwrap(db, context, { wrappedKey, masterVersion })
      try {
        return await wrap(target, context, secret)
      } finally {
        secret.fill(0)
      }
    },
    concurrencyOf: (version) => sourceOf(version).concurrency,
  }
}

interface Readiness {
  readonly sources: Sources
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
    await lockVersions(tx)
    const others = await listVersions(tx)
    if (others.every((version) => nameOf(version) !== nameOf(source) || version.state === 'retired'))
      await register(tx, parameters)
  })
}

function nameOf({ source, reference }: { source: string; reference: string }): string {
  return `${source}:${reference}`
}
