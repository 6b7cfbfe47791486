import { z } from 'zod'
import { AppError } from '../../runtime/errors.ts'
import { parseJson } from '../../runtime/json.ts'
import type { PlatformAnswer, PlatformRequest, SendRequest } from '../contract.ts'
import { Subscription } from './schemas.ts'
import type { StravaApplication } from './settings.ts'

interface Wanted {
  readonly application: StravaApplication
  readonly apiUrl: string
  readonly callbackUrl: string
  readonly send: SendRequest
}

/**
 * An application has one subscription for all athletes: ours is found by its address, and one with another address (a former host, a
 * former secret) gives way. While it is made, Strava calls the address, so the service has to be up.
 * Throws platform/misconfigured or platform/unavailable.
 */
export async function ensureSubscription(wanted: Wanted): Promise<string> {
  const { application, apiUrl, callbackUrl, send } = wanted
  const credentials = { client_id: application.clientId, client_secret: application.clientSecret.reveal() }
  const url = `${apiUrl}/push_subscriptions`
  const query = new URLSearchParams(credentials)
  const existing = readBody(await ask(send, { method: 'GET', url: `${url}?${query}` }), z.array(Subscription))
  const ours = existing.find((subscription) => subscription.callback_url === callbackUrl)
  if (ours !== undefined) return ours.id
  for (const { id } of existing) await ask(send, { method: 'DELETE', url: `${url}/${id}?${query}` })
  const form = { ...credentials, callback_url: callbackUrl, verify_token: application.verifyToken.reveal() }
  return readBody(await ask(send, { method: 'POST', url, form }), Subscription).id
}

async function ask(send: SendRequest, request: PlatformRequest): Promise<PlatformAnswer> {
  const answer = await send(request)
  const alreadyGone = request.method === 'DELETE' && answer.status === 404
  if (alreadyGone || (answer.status >= 200 && answer.status < 300)) return answer
  // 400 is an address Strava could not reach or did not like; the others are the credentials or the application.
  const code = [400, 401, 403, 404].includes(answer.status) ? 'platform/misconfigured' : 'platform/unavailable'
  throw new AppError(code, { call: `${request.method} push_subscriptions`, status: answer.status })
}

function readBody<Shape extends z.ZodType>({ text, status }: PlatformAnswer, shape: Shape): z.infer<Shape> {
  try {
    return shape.parse(parseJson(text))
  } catch {
    throw new AppError('platform/unavailable', { call: 'push_subscriptions', status, problem: 'unreadable_answer' })
  }
}
