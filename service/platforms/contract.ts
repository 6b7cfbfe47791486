import type { z } from 'zod'
import type { Secret } from '../runtime/secret.ts'
import type { PlatformApi } from './api-contract.ts'
import type { Records } from './records.ts'
import type { PlatformRequest, SendRequest } from './request.ts'
import type { PlatformWebhook, ReadWebhookItem } from './webhook-contract.ts'

export type * from './api-contract.ts'
export type { PlatformAnswer, PlatformRequest, SendRequest } from './request.ts'

/** The kinds of canonical records that a platform can yield. */
export type CoverageKind =
  | 'activities'
  | 'activity_streams'
  | 'activity_laps'
  | 'activity_zones'
  | 'daily_metrics'
  | 'sleep_sessions'
  | 'samples'

/** What the platform's terms demand, as data; enforced by jobs and by the merge, shown in GraphQL. Null means no limit here. */
export interface Policy {
  readonly retentionDays: number | null
  readonly deleteAfterSourceDeletionHours: number | null
  readonly deleteAfterDeauthorizationDays: number | null
  /** Whether its data may be merged with other platforms'; if not, it is kept apart. */
  readonly combinable: boolean
  /** What an app has to show beside the data. */
  readonly attribution: string
  /** What an app may and must do when it shows the data, one sentence each. */
  readonly displayRules: readonly string[]
  /** Why the figures differ from the platform's published terms; null when they don't. */
  readonly overrideReason: string | null
}

/**
 * Pure. The payload is JSON parsed without loss (`runtime/json.ts`): an integer beyond 2^53 is a bigint.
 * `metadata` is what `ingestion` stored beside it, for example `{ source_id: "123" }`.
 */
export type Normalize = (payload: unknown, metadata: Readonly<Record<string, unknown>>) => Records

/** What the token endpoint's refusal means: only `invalid_grant` ends a connection. */
export type RefreshFailure = 'invalid_grant' | 'misconfigured' | 'rate_limited' | 'unavailable'

export type CountedRequest = 'token' | 'identify' | 'revocation'

export interface PlatformOAuth {
  readonly clientId: string
  readonly clientSecret: Secret
  readonly authorizationUrl: string
  readonly tokenUrl: string
  /** The only hosts that codes, tokens and the client secret are sent to, with the port where it is not the usual one. */
  readonly hosts: readonly string[]
  /** RFC 9207: what `iss` on the callback must be, and whether the platform always sends it. Undefined: it sends none. */
  readonly issuer?: { readonly value: string; readonly alwaysSent: boolean }
  /** Asked for at the consent page, joined by `scopeSeparator`. */
  readonly scopes: readonly string[]
  /** False: the authorize request names no scopes, the person chooses among `scopes` at the platform. */
  readonly sendsScopes?: false
  readonly scopeSeparator: string
  /** Without all of these a connection is `limited`. */
  readonly requiredScopes: readonly string[]
  /** Extra parameters of the authorize request. */
  readonly authorizationParameters: Readonly<Record<string, string>>
  /** `fromCallback`: the callback's `scope` parameter; `fromToken`: the token answer's. */
  grantedScopes(answer: { fromCallback: string | null; fromToken: string | null }): readonly string[]
  /** The account, out of the token endpoint's answer to an authorization code; undefined when it is not there. */
  platformUserId(tokenAnswer: Readonly<Record<string, unknown>>): string | undefined
  /**
   * Where the token answer does not tell whose it is or what was granted: asks with the new access token. `ask` adds the token.
   * Throws platform/*.
   */
  identify?(ask: SendRequest): Promise<Account>
  /** Exchanges the token of an older protocol (OAuth 1.0a) for one of today; the answer has the token endpoint's shape. */
  exchangeLegacyToken?(legacy: LegacyToken): PlatformRequest
  classifyTokenError(answer: { status: number; body: unknown }): RefreshFailure
  /** Tokens that nobody used for so long are refreshed, well before the platform ends them. Undefined: they do not die of that. */
  readonly refreshIdleAfterDays?: number
  /** Requests of the OAuth flow that the platform counts against the application's request limit; default: none. */
  readonly counted?: readonly CountedRequest[]
  /** Supplied by the wiring, not by the folder: sends inside the shared budget. */
  readonly withinBudget?: <Answer extends { readonly status: number; readonly headers: Headers }>(
    send: () => Promise<Answer>,
  ) => Promise<Answer>
  /** Which token `revocation` is given; an access token that has expired is renewed for it. */
  readonly revokedBy: 'refresh_token' | 'access_token'
  /** How to revoke at the platform; a 2xx answer counts as confirmed. */
  revocation(token: Secret): PlatformRequest
}

export interface Account {
  readonly platformUserId: string
  /** Undefined where the platform does not say. */
  readonly grantedScopes: readonly string[] | undefined
}

export interface LegacyToken {
  readonly token: Secret
  readonly tokenSecret: Secret
  /** Makes the request unique. */
  readonly nonce: string
  readonly now: Date
}

/** Bytes that a person uploaded, wherever they rest. */
export interface UploadedFile {
  readonly size: number
  /** At most `length` bytes from `position`; fewer only at the end. */
  read(position: number, length: number): Promise<Buffer>
}

/** A part of an uploaded file, to be kept as one raw payload. */
export interface UploadedPayload {
  readonly dataType: string
  /** JSON without loss. */
  readonly payload: object
  /** Records of the platform in it. */
  readonly records: number
  /** When the file says that it was made: of two files the later one is right, whichever is uploaded first. Null: it does not say. */
  readonly observedAt: Date | null
  /** Share of the file that was read, 0 to 1. */
  readonly progress: number
}

/** For platforms whose data comes with the person: a file they export, or what an app on their phone posts. */
export interface PlatformUpload {
  readonly maxFileBytes: number
  /** The file as payloads, cut the same way each time, so that an import can go on where it stopped. Throws upload/*. */
  readFile(file: UploadedFile): AsyncGenerator<UploadedPayload>
  /** The kind of payload that a JSON body is; undefined: none that is known. */
  recognizeJson(body: unknown): string | undefined
}

/** Bytes as they came → what is stored, JSON; `facts` were known beside it. */
export type WrapFile = (bytes: Buffer, facts: Readonly<Record<string, unknown>>) => Readonly<Record<string, unknown>>

/**
 * Kinds of payload with one list that may be too long to be read at once, by its name. The normalizer is handed the item once for each part
 * of the list; the series of the parts are joined (those of one activity share their times), all else is what the last part yields.
 */
export type LongLists = Readonly<Record<string, string>>

/** A platform as its folder exports it. Adding a folder is the whole registration. */
export interface Platform<Settings = unknown> {
  readonly id: string
  readonly displayName: string
  /** The settings it reads from the environment; with no client id it is off, not an error. */
  readonly env: z.ZodType<Settings>
  readonly coverage: readonly CoverageKind[]
  readonly normalize: Readonly<Record<string, Normalize>>
  /** For platforms that push: what an item of a delivery is. */
  readonly readWebhookItem?: ReadWebhookItem
  /** Kinds of payload that come as files: the payload that is stored for a file's bytes. */
  readonly files?: Readonly<Record<string, WrapFile>>
  readonly longLists?: LongLists
  policy(settings: Settings): Policy
  /** Absent: nothing is uploaded. */
  upload?(settings: Settings): PlatformUpload
  /** Undefined: off. */
  connect?(
    settings: Settings,
  ): { readonly oauth: PlatformOAuth; readonly api: PlatformApi; readonly webhook: PlatformWebhook } | undefined
}

/** A platform with its settings applied: what the rest of the service is handed. */
export interface ConfiguredPlatform {
  readonly id: string
  readonly displayName: string
  readonly coverage: readonly CoverageKind[]
  readonly normalize: Readonly<Record<string, Normalize>>
  readonly files?: Readonly<Record<string, WrapFile>>
  readonly longLists?: LongLists
  readonly policy: Policy
  readonly oauth?: PlatformOAuth
  readonly api?: PlatformApi
  readonly webhook?: PlatformWebhook
  readonly upload?: PlatformUpload
}

export type Platforms = ReadonlyMap<string, ConfiguredPlatform>
