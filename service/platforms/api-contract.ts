import type { PlatformRequest } from './request.ts'
import type { Notice } from './webhook-contract.ts'

export interface BudgetWindow {
  readonly name: string
  /** Natural windows: they start at multiples of this many seconds since 1970-01-01 UTC. */
  readonly seconds: number
  readonly quota: number
}

/** What an answer of the platform's API means. */
export type ApiOutcome =
  | { readonly kind: 'ok' }
  /** The access token is not accepted: refresh once, try once more. */
  | { readonly kind: 'unauthorized' }
  | { readonly kind: 'scope_missing' }
  | { readonly kind: 'not_found' }
  | { readonly kind: 'rate_limited' }
  /** The application itself is not accepted: nobody's connection is at fault. */
  | { readonly kind: 'misconfigured' }
  /** The application is served to nobody at present: all wait, nothing fails, nobody is disconnected. */
  | { readonly kind: 'suspended' }
  | { readonly kind: 'unavailable' }

/** Where a history import continues; JSON. */
export type HistoryCursor = Readonly<Record<string, number | string>>

export interface HistoryPage {
  readonly recordCount: number
  /** How far back this page reaches; null when it is empty. */
  readonly reached: Date | null
  /** Null: nothing older is left. */
  readonly next: HistoryCursor | null
  /**
   * Where there are several lists: between which times everything of this page's kind is on this page; null where another page has more
   * of it. Absent: what lies between `reached` and the page before.
   */
  readonly covers?: { readonly from: Date; readonly to: Date } | null
}

export interface PlatformItem {
  readonly dataType: string
  readonly request: PlatformRequest
  readonly deletion: { readonly dataType: string; readonly payload: Readonly<Record<string, string>> }
  /** Whether an answer is a record of that account: a notice can name anybody's. Absent: only the owner's are given out. */
  isOf?(text: string, platformUserId: string): boolean
}

/** One more request about an activity. */
export interface EnrichmentRequest {
  readonly dataType: string
  readonly request: PlatformRequest
  /** For activities of the last so many days only; absent: for all that are enriched. */
  readonly days?: number
  /** Whether the activity has such a thing, by the answer to the first request; absent: it has. */
  wanted?(details: string): boolean
  /** A recording: ten thousands of numbers, kept as text. Only for a payload about one record, whose id the metadata tell. */
  readonly isRecording?: boolean
  /** Whether an answer says that this is not offered to the person (a subscriber's feature, say): nothing else fails of it. */
  refused?(answer: { status: number; text: string }): boolean
}

export interface ProfileRequest {
  readonly dataType: string
  readonly request: PlatformRequest
  /** Without it, it is not asked for; undefined: none is needed. */
  readonly scope?: string
}

export interface PlatformApi {
  /** Starting values; the real ones are learnt from headers. */
  readonly budget: readonly BudgetWindow[]
  /** Limits and usage that the answer's headers tell, by window name. */
  readBudget(headers: Headers): readonly { readonly name: string; readonly quota: number; readonly used: number }[]
  classify(answer: { status: number; text: string }): ApiOutcome
  /** History as a list of pages, newest first; absent: the platform has no such list. */
  readonly history?: {
    dataType(cursor: HistoryCursor): string
    first(until: Date): HistoryCursor
    request(cursor: HistoryCursor): PlatformRequest
    read(payload: unknown, cursor: HistoryCursor): HistoryPage
    /** Goes on from that time backwards: what lies between is here already. Absent: nothing can be passed over. */
    skipTo?(cursor: HistoryCursor, until: Date): HistoryCursor
    /** Where there are several lists: the scope without which this page is not asked for. */
    scopeOf?(cursor: HistoryCursor): string | undefined
    /** Where to go on when a page is not asked for or not given out. */
    skip?(cursor: HistoryCursor): HistoryPage
  }
  /** History that is asked for by window and arrives as ordinary deliveries. */
  readonly backfill?: Backfill
  /**
   * One record, complete, as a notice asks for it; and what is stored when the platform confirms that it is gone. Undefined: a kind of
   * record that is not read.
   */
  item?(notice: Pick<Notice, 'sourceType'> & { readonly sourceId: string }): PlatformItem | undefined
  /** A cheap call that tells whether the tokens still work. */
  readonly probe: PlatformRequest
  /** What was granted, asked again when a delivery says that it changed. `read` answers undefined when it cannot be read. */
  readonly permissions?: { readonly request: PlatformRequest; read(text: string): readonly string[] | undefined }
  /** What the account says of the person (weight, say), fetched after an import, at most daily, and when a notice says that it changed; stored with `fetched_at`. */
  readonly profile?: readonly ProfileRequest[]
  /**
   * Fetched later, within the spare budget, for activities of the last `days` days: those that a list told of, newest first, and what a
   * notice brought. The first is the activity itself.
   */
  readonly enrichment?: { readonly days: number; requests(sourceId: string): readonly EnrichmentRequest[] }
}

export interface BackfillWindow {
  readonly dataType: string
  readonly from: Date
  readonly to: Date
}

/** Which record an item of a delivery is, however often and in whatever form it comes, and the time that the platform files it under. */
export type RecordIdentity = (
  dataType: string,
  item: unknown,
) => { readonly record: string; readonly at: Date | undefined } | undefined

export interface Backfill {
  /** In the order in which they are asked for, each in windows of at most so many days. */
  readonly dataTypes: readonly { readonly dataType: string; readonly windowDays: number }[]
  /** How far behind the moment of connecting it goes. */
  readonly daysBack: number
  /** Days of data that the whole application may ask for in a minute. */
  readonly daysPerMinute: number
  readonly requiredScope: string
  /** After how long nothing more is expected of what was asked for. */
  readonly waitHours: number
  /** Pure; undefined: not to be told. */
  readonly recordOf: RecordIdentity
  /** The scope without which this kind is not delivered; undefined: none. */
  scopeOf(dataType: string): string | undefined
  request(window: BackfillWindow): PlatformRequest
  /**
   * `accepted`: it will come. `asked_before`: no delivery follows. `too_old`: reaches back too far. `not_permitted`: the person did not
   * grant it. Undefined: an answer like any other.
   */
  understand(answer: {
    status: number
    text: string
  }): 'accepted' | 'asked_before' | 'too_old' | 'not_permitted' | undefined
}
