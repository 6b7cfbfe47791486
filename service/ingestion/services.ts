import type {
  ConfiguredPlatform,
  PlatformAnswer,
  PlatformApi,
  PlatformRequest,
  Platforms,
} from '../platforms/contract.ts'
import type { Database, Tx } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import type { Turns } from '../runtime/one-at-a-time.ts'
import type { HoldAnswer } from '../runtime/room-for-answers.ts'
import type { Secret } from '../runtime/secret.ts'

export interface ConnectionKey {
  readonly userId: string
  readonly platform: string
}

export interface ArrivingPayload {
  readonly rawId: string
  readonly dataType: string
  readonly payload: unknown
  readonly metadata: Readonly<Record<string, unknown>>
}

/** Normalizes payloads as they are read; closed, answers the function that writes what they became, in the transaction that stores them. */
export type OpenBatch = (owner: { userId: string; platform: string }) => {
  add(payload: ArrivingPayload): void
  close(): Promise<(tx: Tx, stored: { createdAt: string; receivedAt: readonly string[] }) => Promise<void>>
}

/** What the sync engine is handed; `wiring.ts` supplies the real ones. */
export interface IngestionServices {
  readonly db: Database
  readonly openBatch: OpenBatch
  readonly platforms: Platforms
  readonly send: (request: PlatformRequest, platform: string) => Promise<PlatformAnswer>
  /** The inbox is sealed with a key of its own purpose. */
  readonly sealInbox: (platform: string, body: Buffer) => Promise<Buffer>
  /** A box of its own for each, in their order. */
  readonly sealDeliveries: (deliveries: readonly { platform: string; body: Buffer }[]) => Promise<Buffer[]>
  readonly openInbox: (platform: string, sealed: Buffer) => Promise<Buffer>
  /** Lends an access token for the length of one callback, which answers 'unauthorized' when it is not accepted. */
  readonly withAccessToken: <Result>(
    key: ConnectionKey,
    use: (accessToken: Secret) => Promise<Result | 'unauthorized'>,
  ) => Promise<Result>
  readonly findConnectionByAccount: (account: {
    platform: string
    platformUserId: string
  }) => Promise<{ userId: string; status: string } | undefined>
  /** Whether the owner of an account that nobody has connected was erased; counts it. */
  readonly isErasedAccount: (account: { platform: string; platformUserId: string }) => Promise<boolean>
  readonly endByPlatform: (tx: Tx, key: ConnectionKey) => Promise<void>
  readonly findGrantedScopes: (key: ConnectionKey) => Promise<readonly string[]>
  /** What the platform says is granted now. */
  readonly setGrantedScopes: (tx: Tx, key: ConnectionKey, granted: readonly string[]) => Promise<void>
  readonly servicePublicUrl: string
  /** Within how many seconds a silent connection is polled again: after news, and at most while there are none. */
  readonly pollSeconds: { readonly shortest: number; readonly longest: number }
  /** How far back a comparison goes. */
  readonly reconcileDays: number
  readonly countStrategyChange: (change: { platform: string; polling: boolean; reason: string }) => void
  /** One large delivery or answer at a time. */
  readonly turns: Turns
  readonly holdAnswer: HoldAnswer
  /** From its arrival to its end, waiting included. */
  readonly observeDelivery: (delivery: { platform: string; receivedAt: Date }) => void
  readonly countSync: (operation: { platform: string; kind: string; outcome: string; seconds: number }) => void
}

export type History = NonNullable<PlatformApi['history']>

/** Throws platform/unknown or platform/not_configured; also where the platform has no list of its history. */
export function historyOf(platforms: Platforms, id: string): { api: PlatformApi; history: History } {
  const { api } = apiOf(platforms, id)
  if (api.history === undefined) throw new AppError('platform/not_configured', { platform: id, missing: 'history' })
  return { api, history: api.history }
}

/** Throws platform/unknown or platform/not_configured. */
export function apiOf(platforms: Platforms, id: string): { platform: ConfiguredPlatform; api: PlatformApi } {
  const platform = platforms.get(id)
  if (platform === undefined) throw new AppError('platform/unknown', { platform: id })
  if (platform.api === undefined) throw new AppError('platform/not_configured', { platform: id })
  return { platform, api: platform.api }
}
