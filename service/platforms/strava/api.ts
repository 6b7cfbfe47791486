import type { BudgetWindow, PlatformApi, PlatformRequest } from '../contract.ts'
import { classify } from './classify.ts'
import { createDetailsReader } from './details.ts'
import { activityPath, enrichmentRequests } from './enrichment.ts'
import { firstPage, readHistoryPage, requestPage } from './history.ts'
import type { StravaSettings } from './settings.ts'

const QUARTER_HOUR_S = 15 * 60
const DAY_S = 24 * 60 * 60

/** What a new application may do; everything but uploads counts as reading. */
const BUDGET: readonly BudgetWindow[] = [
  { name: 'overall_15m', seconds: QUARTER_HOUR_S, quota: 200 },
  { name: 'overall_day', seconds: DAY_S, quota: 2000 },
  { name: 'read_15m', seconds: QUARTER_HOUR_S, quota: 100 },
  { name: 'read_day', seconds: DAY_S, quota: 1000 },
]

const BUDGET_HEADERS = [
  { limit: 'x-ratelimit-limit', usage: 'x-ratelimit-usage', windows: ['overall_15m', 'overall_day'] },
  { limit: 'x-readratelimit-limit', usage: 'x-readratelimit-usage', windows: ['read_15m', 'read_day'] },
] as const

/** Strava's API v3: what to ask and how to understand the answers. */
export function stravaApi({
  apiUrl,
  enrichDays,
  zoneDays,
}: Pick<StravaSettings, 'apiUrl' | 'enrichDays' | 'zoneDays'>) {
  const get = (path: string): PlatformRequest => ({ method: 'GET', url: `${apiUrl}/${path}` })
  const readDetails = createDetailsReader()
  const requests = enrichmentRequests({ get, zoneDays, readDetails })
  return {
    budget: BUDGET,
    readBudget,
    classify: ({ status, text }) => ({ kind: classify(status, text) }),
    history: {
      dataType: () => 'activity_list',
      first: firstPage,
      request: (cursor) => get(requestPage(cursor)),
      read: readHistoryPage,
      skipTo: (_cursor, until) => firstPage(until),
    },
    item: ({ sourceId }) => ({
      dataType: 'activity',
      request: get(activityPath(sourceId)),
      deletion: { dataType: 'activity_deletion', payload: { id: sourceId } },
      // Strava may show somebody else's public activity to the token that asks.
      isOf: (text: string, platformUserId: string) => [undefined, platformUserId].includes(readDetails(text).ownerId),
    }),
    probe: get('athlete'),
    profile: [
      { dataType: 'athlete', request: get('athlete') },
      { dataType: 'athlete_zones', request: get('athlete/zones'), scope: 'profile:read_all' },
    ],
    enrichment: { days: enrichDays, requests },
  } satisfies PlatformApi
}

/** A pair of headers that is missing or malformed teaches nothing: error answers often lack them. */
function readBudget(headers: Headers): { name: string; quota: number; used: number }[] {
  return BUDGET_HEADERS.flatMap(({ limit, usage, windows }) => {
    const quotas = readPair(headers.get(limit))
    const used = readPair(headers.get(usage))
    if (quotas === undefined || used === undefined || quotas.includes(0)) return []
    return windows.map((name, index) => ({ name, quota: quotas[index] ?? 0, used: used[index] ?? 0 }))
  })
}

function readPair(header: string | null): readonly number[] | undefined {
  const match = /^\s*(\d{1,9})\s*,\s*(\d{1,9})\s*$/.exec(header ?? '')
  return match === null ? undefined : [Number(match[1]), Number(match[2])]
}
