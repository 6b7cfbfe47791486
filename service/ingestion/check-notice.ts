import type { PlatformItem } from '../platforms/contract.ts'
import type { Notice } from '../platforms/webhook-contract.ts'
import { AppError } from '../runtime/errors.ts'
import { requestPlatform } from './request-platform.ts'
import { ERASED_OWNER } from './route-items.ts'
import { apiOf, type ConnectionKey, type IngestionServices } from './services.ts'
import type { NewRawData } from './store-raw.ts'

/** What a notice turned out to mean once the platform was asked. */
export type Effect =
  | {
      readonly kind: 'store'
      readonly key: ConnectionKey
      readonly raw: NewRawData
      /** Kinds of payload that there are about it besides. */
      readonly more: readonly string[]
    }
  | { readonly kind: 'end'; readonly key: ConnectionKey }
  | {
      readonly kind: 'none'
      readonly why: string
      /** A record that was told of and could not be read back: a later comparison asks why it is missing. */
      readonly failed?: { readonly key: ConnectionKey; readonly sourceId: string }
    }
  /** What the account says of the person changed. */
  | { readonly kind: 'profile'; readonly key: ConnectionKey }
  | { readonly kind: 'wait'; readonly until: Date }

/** Asks the platform, with the owner's token, what is true of it. */
export async function checkNotice(services: IngestionServices, platform: string, notice: Notice): Promise<Effect> {
  const account = { platform, platformUserId: notice.platformUserId }
  const connection = await services.findConnectionByAccount(account)
  if (connection === undefined)
    return { kind: 'none', why: (await services.isErasedAccount(account)) ? ERASED_OWNER : 'unknown_owner' }
  const key = { userId: connection.userId, platform }
  try {
    return await check(services, key, notice)
  } catch (error) {
    if (!(error instanceof AppError) || error.spec.retry) throw error
    if (error.code === 'connection/reauth_required' && notice.kind === 'deauthorized') return { kind: 'end', key }
    return {
      kind: 'none',
      why: error.code,
      ...(notice.sourceId === null ? {} : { failed: { key, sourceId: notice.sourceId } }),
    }
  }
}

async function check(services: IngestionServices, key: ConnectionKey, notice: Notice): Promise<Effect> {
  const { api } = apiOf(services.platforms, key.platform)
  if (notice.sourceId === null && notice.kind === 'changed')
    return api.profile === undefined ? { kind: 'none', why: 'nothing_to_read' } : { kind: 'profile', key }
  if (notice.sourceId === null) return checkAccount(services, key)
  const item = api.item?.({ ...notice, sourceId: notice.sourceId })
  return item === undefined
    ? { kind: 'none', why: 'nothing_to_read' }
    : readBack(services, key, { ...item, sourceId: notice.sourceId, platformUserId: notice.platformUserId })
}

type Item = PlatformItem & { readonly sourceId: string; readonly platformUserId: string }

/** Created, changed or deleted: the platform's present answer decides, not the notice. */
async function readBack(services: IngestionServices, key: ConnectionKey, item: Item): Promise<Effect> {
  const { dataType, request, deletion, sourceId, platformUserId } = item
  const reply = await requestPlatform(services, { key, request, urgency: 'webhook' })
  if (reply.kind === 'wait') return reply
  const raw = { ...key, metadata: { source_id: sourceId, from: 'webhook' } }
  if (reply.kind === 'not_found') {
    const gone = { ...raw, dataType: deletion.dataType, text: JSON.stringify(deletion.payload) }
    return { kind: 'store', key, raw: gone, more: [] }
  }
  if (item.isOf?.(reply.text, platformUserId) === false) return { kind: 'none', why: 'somebody_elses' }
  const { enrichment } = apiOf(services.platforms, key.platform).api
  const more = enrichment?.requests(sourceId).filter((each) => each.wanted?.(reply.text) !== false) ?? []
  return {
    kind: 'store',
    key,
    raw: { ...raw, dataType, text: reply.text },
    more: more.map((each) => each.dataType).filter((kind) => kind !== dataType),
  }
}

/** A forged deauthorization changes nothing: the tokens still work. */
async function checkAccount(services: IngestionServices, key: ConnectionKey): Promise<Effect> {
  const { api } = apiOf(services.platforms, key.platform)
  const reply = await requestPlatform(services, { key, request: api.probe, urgency: 'webhook' })
  return reply.kind === 'wait' ? reply : { kind: 'none', why: 'still_authorized' }
}
