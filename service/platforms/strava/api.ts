import { parseJson } from '../../runtime/json.ts'
import type { ApiOutcome, BudgetWindow, EnrichmentRequest, PlatformApi, PlatformRequest } from '../contract.ts'
import { readDetails } from './details.ts'
import { hasErrors, names, readError } from './error-body.ts'
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

const STREAM_KEYS = 'time,distance,latlng,altitude,velocity_smooth,heartrate,cadence,watts,temp,moving,grade_smooth'

/** Strava's API v3: what to ask and how to understand the answers. */
export function stravaApi({ apiUrl, enrichDays }: Pick<StravaSettings, 'apiUrl' | 'enrichDays'>) {
  const get = (path: string): PlatformRequest => ({ method: 'GET', url: `${apiUrl}/${path}` })
  const activity = (sourceId: string) => ({
    dataType: 'activity',
    request: get(`activities/${encodeURIComponent(sourceId)}`),
  })
  const streams = (sourceId: string): EnrichmentRequest => ({
    dataType: 'activity_streams',
    request: get(`activities/${encodeURIComponent(sourceId)}/streams?keys=${STREAM_KEYS}&key_by_type=true`),
    wanted: (details: string) => !readDetails(details).manual,
  })
  const requests = (sourceId: string): readonly EnrichmentRequest[] => [activity(sourceId), streams(sourceId)]
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
      ...activity(sourceId),
      deletion: { dataType: 'activity_deletion', payload: { id: sourceId } },
      // Strava may show somebody else's public activity to the token that asks.
      isOf: (text: string, platformUserId: string) => [undefined, platformUserId].includes(readDetails(text).ownerId),
    }),
    probe: get('athlete'),
    profile: { dataType: 'athlete', request: get('athlete') },
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

function classify(status: number, text: string): ApiOutcome['kind'] {
  if (status >= 200 && status < 300) return 'ok'
  const body = text.trim() === '' ? { errors: [] } : readJson(text)
  const error = readError(body)
  if ((status === 401 || status === 403) && names(error, { resource: 'AccessToken', code: 'missing' }))
    return 'scope_missing'
  if (status === 401) return 'unauthorized'
  if (status === 429) return 'rate_limited'
  // Not Strava's own refusal but, say, a proxy's page: nothing may be concluded from it, least of all that an activity is gone.
  if (error === 'unreadable') return 'unavailable'
  // The subscription of the application's owner lapsed; other refusals may be one athlete's (the limit of athletes is reached, say).
  if (status === 403) return names(error, { resource: 'Application' }) ? 'suspended' : 'misconfigured'
  if (status === 404 && hasErrors(body))
    return names(error, { resource: 'resource', field: 'path' }) ? 'misconfigured' : 'not_found'
  return 'unavailable'
}

function readJson(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}
