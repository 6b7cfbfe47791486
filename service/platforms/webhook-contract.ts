import type { Secret } from '../runtime/secret.ts'
import type { SendRequest } from './request.ts'

/** What a webhook says happened; a hint that is checked at the platform before it is believed. */
export interface Notice {
  readonly platformUserId: string
  readonly kind: 'changed' | 'deleted' | 'deauthorized'
  /** The id of the record; null when the notice is about the account. */
  readonly sourceId: string | null
  /** What kind of record it is, where the platform has notices about several. */
  readonly sourceType?: string
}

/** A request's headers, by lower-case name. */
export type RequestHeaders = Readonly<Record<string, string | readonly string[] | undefined>>

interface WebhookAddress {
  readonly bodyLimitBytes: number
  /** The unguessable last part of the path. */
  readonly pathSecret: Secret
  /** The one before it, still accepted while a rotation goes on. */
  readonly previousPathSecret?: Secret | undefined
  /**
   * Answer to the platform's GET when a subscription is made; absent: there is no such call.
   * Throws webhook/wrong_verify_token or webhook/malformed.
   */
  handshake?(query: Readonly<Record<string, unknown>>): unknown
  /** Finds or makes our subscription at the platform and answers its id, or the ids where it takes several; absent: it is set by hand there. Throws platform/*. */
  ensureSubscription?(options: { callbackUrl: string; send: SendRequest }): Promise<string>
  /** True: a subscription lapses unless `ensureSubscription` is called again each day. */
  readonly subscriptionLapses?: boolean
}

/** Small deliveries that say what happened: hints, read back at the platform before they are believed. */
export interface NoticeWebhook extends WebhookAddress {
  /**
   * Checks a delivery before it is stored. `subscriptionId`: ours, undefined while none is confirmed.
   * Throws webhook/malformed (facts: where and what), webhook/unknown_subscription, webhook/not_verified.
   */
  verify(request: { rawBody: Buffer; headers: RequestHeaders; subscriptionId: string | undefined; now: Date }): {
    dedupeKey: string
  }
  /** What an accepted body says. */
  read(rawBody: Buffer): readonly Notice[]
}

/** Large deliveries of many people's items, streamed into the inbox: `{"<list>":[item, …], …}`. */
export interface BatchWebhook extends WebhookAddress {
  /** Checks what can be known before the body is read. Throws webhook/not_verified. */
  verifyHeaders(headers: RequestHeaders): void
  readonly readItem: ReadWebhookItem
  /** Whether an address in a delivery is the platform's own: anybody may have written it, and a token goes with the request. */
  isCallbackAllowed(url: string): boolean
}

export type PlatformWebhook = NoticeWebhook | BatchWebhook

/** One item of a large delivery. Pure; never throws. `list`: the name of the list it stood in. */
export type ReadWebhookItem = (list: string, item: unknown) => WebhookItem

export type WebhookItem =
  /** The data itself; it is stored as `dataType`. */
  | { readonly kind: 'data'; readonly platformUserId: string; readonly dataType: string }
  /** Where the data is; it is fetched with the owner's token and stored as `dataType`. */
  | {
      readonly kind: 'callback'
      readonly platformUserId: string
      readonly dataType: string
      readonly url: string
      /** Set: the answer is a file, and these facts are stored beside its bytes. */
      readonly file?: Readonly<Record<string, string | number | boolean>>
    }
  | { readonly kind: 'deauthorized'; readonly platformUserId: string }
  | { readonly kind: 'permissions'; readonly platformUserId: string }
  /** Not ours to read, or not readable; the reason names no value. */
  | { readonly kind: 'none'; readonly reason: string }
