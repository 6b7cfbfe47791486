import { parseJson } from '../../runtime/json.ts'
import type { ApiOutcome, Backfill, BackfillWindow, PlatformApi } from '../contract.ts'
import { LISTS } from './lists.ts'
import { readPermissions } from './oauth.ts'
import { garminRecordOf } from './record-of.ts'
import type { GarminSettings } from './settings.ts'

/** Garmin's Health and Activity API: data comes by itself, so there is no list to read and nothing is polled. */
export function garminApi(settings: GarminSettings) {
  const { apiUrl, userPath, requestsPerMinute } = settings
  const permissions = { method: 'GET', url: `${apiUrl}${userPath}/permissions` } as const
  return {
    budget: [{ name: 'requests_minute', seconds: 60, quota: requestsPerMinute }],
    readBudget: () => [],
    classify: ({ status }) => ({ kind: classify(status) }),
    backfill: garminBackfill(settings),
    probe: permissions,
    permissions: { request: permissions, read: (text: string) => readPermissions(readJson(text)) },
  } satisfies PlatformApi
}

function readJson(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}

/** Of a refusal that is not about the token only the item is concerned: 410 a file fetched before, 412 data that the person switched off. */
function classify(status: number): ApiOutcome['kind'] {
  if (status >= 200 && status < 300) return 'ok'
  if (status === 401) return 'unauthorized'
  if (status === 403) return 'scope_missing'
  if (status === 429) return 'rate_limited'
  return status >= 400 && status < 500 && status !== 408 ? 'not_found' : 'unavailable'
}

function garminBackfill(settings: GarminSettings): Backfill {
  const asked = LISTS.flatMap(({ list, backfill, permission }) =>
    backfill === undefined ? [] : [{ list, backfill, permission }],
  )
  const find = (dataType: string) => asked.find(({ list }) => list === dataType)
  return {
    dataTypes: asked.map(({ list }) => ({ dataType: list, windowDays: settings.backfillWindowDays })),
    daysBack: settings.backfillDays,
    daysPerMinute: settings.backfillDaysPerMinute,
    requiredScope: 'HISTORICAL_DATA_EXPORT',
    waitHours: settings.backfillWaitHours,
    recordOf: garminRecordOf,
    scopeOf: (dataType) => find(dataType)?.permission,
    request: ({ dataType, from, to }: BackfillWindow) => {
      const query = new URLSearchParams({
        summaryStartTimeInSeconds: String(Math.floor(from.getTime() / 1000)),
        summaryEndTimeInSeconds: String(Math.floor(to.getTime() / 1000)),
      })
      const path = `${settings.dataPath}/backfill/${find(dataType)?.backfill ?? dataType}`
      return { method: 'GET', url: `${settings.apiUrl}${path}?${query}` }
    },
    understand: ({ status, text }) => understand(status, text),
  }
}

/** 409: asked for before, and then nothing is sent again. */
function understand(status: number, text: string): ReturnType<Backfill['understand']> {
  if (status === 200 || status === 202) return 'accepted'
  if (status === 409) return 'asked_before'
  if (status === 403 || status === 412) return 'not_permitted'
  if (status === 400 && /min(imum)? start time/i.test(text)) return 'too_old'
  return undefined
}
