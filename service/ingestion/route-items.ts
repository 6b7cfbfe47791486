import type { RecordIdentity } from '../platforms/contract.ts'
import type { BatchWebhook, WebhookItem } from '../platforms/webhook-contract.ts'
import { parseJson } from '../runtime/json.ts'
import type { JsonItem } from '../runtime/json-items.ts'
import type { ConnectionKey, IngestionServices } from './services.ts'

/** Which bytes of a delivery's body; the end is not included. */
export interface Span {
  readonly from: number
  readonly to: number
}

/** An item with its owner, or the reason why it is dropped. */
export type Routed =
  | {
      readonly key: ConnectionKey
      readonly item: Exclude<WebhookItem, { kind: 'none' }>
      /** Where it lies, of one that is not held whole. */
      readonly content: Buffer | Span
      /** Which record it is, of a platform that is asked for history by window. */
      readonly record: ReturnType<RecordIdentity>
    }
  | { readonly why: string }

/** Of an account whose owner was erased: what tells of it is not kept. */
export const ERASED_OWNER = 'erased_owner'

export function createRouter(
  { findConnectionByAccount, isErasedAccount, platforms }: IngestionServices,
  platform: string,
  webhook: BatchWebhook,
) {
  const recordOf = platforms.get(platform)?.api?.backfill?.recordOf
  const owners = new Map<string, ReturnType<IngestionServices['findConnectionByAccount']>>()
  return async (raw: JsonItem): Promise<Routed> => {
    if ('tooLarge' in raw) return { why: 'item_too_large' }
    const value = parseItem('bytes' in raw ? raw.bytes : raw.outline)
    if (value === undefined) return { why: 'not_json' }
    const item = webhook.readItem(raw.list, value)
    if (item.kind === 'none') return { why: item.reason }
    const { platformUserId } = item
    const owner = owners.get(platformUserId) ?? findConnectionByAccount({ platform, platformUserId })
    owners.set(platformUserId, owner)
    const connection = await owner
    if (connection === undefined)
      return { why: (await isErasedAccount({ platform, platformUserId })) ? ERASED_OWNER : 'unknown_owner' }
    const record = item.kind === 'data' ? recordOf?.(item.dataType, value) : undefined
    return { key: { userId: connection.userId, platform }, item, content: 'bytes' in raw ? raw.bytes : raw, record }
  }
}

/** Undefined: it is none. */
function parseItem(bytes: Buffer): unknown {
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}
