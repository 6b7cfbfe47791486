import { parseJson } from '../../runtime/json.ts'
import type { ApiOutcome } from '../contract.ts'
import { hasErrors, names, readError } from './error-body.ts'

/** What an answer of the API means, by status and body: see README.md. */
export function classify(status: number, text: string): ApiOutcome['kind'] {
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
