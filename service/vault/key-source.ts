import { AppError } from '../runtime/errors.ts'
import { joinFields } from './derive.ts'
import type { Purpose } from './seal.ts'

export type SourceName = 'local' | 'passphrase' | 'aws_kms' | 'vault_transit'

/** What a key is wrapped for; it unwraps for nothing else. No person is in it: a key service writes it to its own logs. */
export interface WrapContext {
  readonly environment: string
  readonly purpose: Exclude<Purpose, 'master'>
  /** A UUID. */
  readonly keyId: string
}

/** A row of vault.master_key_versions. */
export interface MasterVersion {
  readonly version: number
  readonly source: SourceName
  readonly reference: string
  /** Kept beside it and no secret. */
  readonly parameters: Readonly<Record<string, unknown>>
}

/**
 * Where master keys are kept. All may throw vault/keys_unavailable, which passes, with no key in its facts; `unwrap` throws
 * vault/unreadable when the bytes were wrapped by another key or for something else.
 */
export interface KeySource {
  readonly source: SourceName
  /** Which of the source's keys. */
  readonly reference: string
  /** Answers the parameters of a new version; `isFirst`: the key itself may be used as it is, else the source rotates it if it can. */
  newVersion(isFirst: boolean): Promise<Readonly<Record<string, unknown>>>
  wrap(version: MasterVersion, context: WrapContext, secret: Buffer): Promise<Buffer>
  unwrap(version: MasterVersion, context: WrapContext, wrapped: Buffer): Promise<Buffer>
  /** From one version to another of this same source, without the secret leaving it. Absent where the source cannot. */
  rewrap?(context: WrapContext, wrapped: Buffer): Promise<Buffer>
  /** How many requests at once are worthwhile while many keys are wrapped anew. */
  readonly concurrency: number
}

export function contextBytes({ environment, purpose, keyId }: WrapContext): Buffer {
  return joinFields(['tributary/v2/wrapped_key', environment, purpose, keyId])
}

export function unavailable(source: SourceName, why: string, cause?: unknown): AppError {
  return new AppError('vault/keys_unavailable', { source, why }, { cause })
}
