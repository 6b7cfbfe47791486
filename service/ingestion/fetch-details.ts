import type { EnrichmentRequest } from '../platforms/contract.ts'
import { requestWith } from './request-platform.ts'
import { apiOf, type ConnectionKey, type IngestionServices } from './services.ts'
import type { NewRawData } from './store-raw.ts'

const DAY_MS = 86_400_000

export interface DetailsAsked {
  readonly key: ConnectionKey
  readonly sourceId: string
  /** YYYY-MM-DD. */
  readonly localDay: string
  readonly requests: readonly EnrichmentRequest[]
  readonly metadata: Readonly<Record<string, unknown>>
}

export type Fetched =
  | {
      readonly kind: 'fetched'
      readonly raws: readonly NewRawData[]
      /** Kinds that the platform does not offer to this person. */
      readonly refused: readonly string[]
    }
  | { readonly kind: 'wait'; readonly until: Date }

/** What there is about one activity. When the activity itself is gone, the rest is not asked for, and that it is gone is what is stored. */
export async function fetchDetails(services: IngestionServices, asked: DetailsAsked): Promise<Fetched> {
  const { key, sourceId, metadata } = asked
  const item = apiOf(services.platforms, key.platform).api.item?.({ sourceId })
  const raws: NewRawData[] = []
  const refused: string[] = []
  let details: string | undefined
  for (const wanted of asked.requests.filter((each) => isRecent(each, asked.localDay))) {
    const { dataType, request } = wanted
    if (details !== undefined && wanted.wanted?.(details) === false) continue
    const reply = await requestWith(services, { key, request, urgency: 'enrichment' }, (answer) =>
      wanted.refused?.(answer) === true ? 'refused' : undefined,
    )
    if (reply.kind === 'wait') return reply
    if (reply.kind === 'own') refused.push(dataType)
    const raw = { ...key, metadata: { ...metadata, source_id: sourceId } }
    if (reply.kind === 'ok') raws.push({ ...raw, dataType, text: reply.text, isRecording: wanted.isRecording === true })
    if (dataType !== item?.dataType) continue
    if (reply.kind === 'ok') details = reply.text
    const { deletion } = item
    if (reply.kind === 'not_found')
      return {
        kind: 'fetched',
        refused,
        raws: [{ ...raw, dataType: deletion.dataType, text: JSON.stringify(deletion.payload) }],
      }
  }
  return { kind: 'fetched', raws, refused }
}

function isRecent({ days }: EnrichmentRequest, localDay: string): boolean {
  return days === undefined || Date.parse(localDay) > Date.now() - days * DAY_MS
}
