import type { ApiOutcome, PlatformApi } from '../contract.ts'
import { ouraHistory } from './history.ts'
import { findList } from './lists.ts'
import type { OuraSettings } from './settings.ts'

/** Oura's API v2: what to ask and how to understand the answers. */
export function ouraApi(settings: OuraSettings) {
  const base = `${settings.apiUrl}/v2/usercollection`
  const personal = { method: 'GET', url: `${base}/personal_info` } as const
  return {
    budget: [{ name: 'requests_5m', seconds: 300, quota: 5000 }],
    // 429 comes with Retry-After; the other headers tell no usage.
    readBudget: () => [],
    classify: ({ status, text }) => ({ kind: classify(status, text) }),
    history: ouraHistory(settings),
    item: ({ sourceType, sourceId }) => {
      const list = findList(sourceType ?? '')
      if (list === undefined) return undefined
      return {
        dataType: list.name,
        request: { method: 'GET', url: `${base}/${list.path}/${encodeURIComponent(sourceId)}` },
        deletion: { dataType: 'document_deletion', payload: { data_type: list.name, id: sourceId } },
      }
    },
    probe: personal,
    profile: [{ dataType: 'personal_info', request: personal }],
  } satisfies PlatformApi
}

/**
 * What was not granted is a 401 or a 403 here, and the words tell it from a token that has ended. A 403 without them is a membership
 * that lapsed: nothing is given out until it is renewed.
 */
function classify(status: number, text: string): ApiOutcome['kind'] {
  if (status >= 200 && status < 300) return 'ok'
  if (status === 401) return /scope|not authorized/i.test(text) ? 'scope_missing' : 'unauthorized'
  if (status === 403) return 'scope_missing'
  if (status === 404) return 'not_found'
  if (status === 429) return 'rate_limited'
  return status === 400 || status === 422 || status === 426 ? 'misconfigured' : 'unavailable'
}
