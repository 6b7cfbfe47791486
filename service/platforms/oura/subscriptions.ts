import { z } from 'zod'
import { AppError } from '../../runtime/errors.ts'
import { parseJson } from '../../runtime/json.ts'
import type { PlatformRequest, SendRequest } from '../contract.ts'
import { LISTS } from './lists.ts'
import type { OuraApplication } from './settings.ts'

interface Wanted {
  readonly application: OuraApplication
  readonly apiUrl: string
  readonly callbackUrl: string
  readonly send: SendRequest
}

const Subscription = z.object({
  id: z.string().min(1),
  callback_url: z.string(),
  event_type: z.string(),
  data_type: z.string(),
})
type Subscription = z.infer<typeof Subscription>
type Pair = Pick<Subscription, 'event_type' | 'data_type'>

/**
 * One subscription for each kind of document and of event. Ours, found by their address, are renewed, for each ends after some weeks;
 * one for the same pair with another address (a former host, a former secret) gives way. While one is made or renewed Oura calls the
 * address, so the service has to be up. Answers their ids. Throws platform/misconfigured or platform/unavailable.
 */
export async function ensureSubscriptions(wanted: Wanted): Promise<string> {
  const existing = await ask(wanted, { method: 'GET', path: '' }, z.array(Subscription))
  const ids: string[] = []
  for (const pair of PAIRS)
    ids.push(
      await ensure(
        wanted,
        pair,
        existing.filter((other) => isSame(other, pair)),
      ),
    )
  const unwanted = existing.filter(
    ({ callback_url: url, ...other }) => url === wanted.callbackUrl && !PAIRS.some((pair) => isSame(other, pair)),
  )
  for (const { id } of unwanted) await remove(wanted, id)
  return ids.toSorted().join(',')
}

const PAIRS: readonly Pair[] = LISTS.flatMap(({ name, events }) =>
  events.map((event_type) => ({ data_type: name, event_type })),
)

function isSame(a: Pair, b: Pair): boolean {
  return a.event_type === b.event_type && a.data_type.toLowerCase() === b.data_type
}

async function ensure(wanted: Wanted, pair: Pair, existing: readonly Subscription[]): Promise<string> {
  const ours = existing.find(({ callback_url: url }) => url === wanted.callbackUrl)
  for (const { id } of existing) if (id !== ours?.id) await remove(wanted, id)
  if (ours !== undefined) {
    await ask(wanted, { method: 'PUT', path: `/renew/${encodeURIComponent(ours.id)}` }, z.unknown())
    return ours.id
  }
  const { application, callbackUrl } = wanted
  const json = { ...pair, callback_url: callbackUrl, verification_token: application.verificationToken.reveal() }
  return (await ask(wanted, { method: 'POST', path: '', json }, z.object({ id: z.string().min(1) }))).id
}

async function remove(wanted: Wanted, id: string): Promise<void> {
  await ask(wanted, { method: 'DELETE', path: `/${encodeURIComponent(id)}` }, z.unknown())
}

type Call = Pick<PlatformRequest, 'method' | 'json'> & { readonly path: string }

async function ask<Shape extends z.ZodType>(
  { application, apiUrl, send }: Wanted,
  { method, path, json }: Call,
  shape: Shape,
): Promise<z.infer<Shape>> {
  const headers = { 'x-client-id': application.clientId, 'x-client-secret': application.clientSecret.reveal() }
  const url = `${apiUrl}/v2/webhook/subscription${path}`
  const { status, text } = await send({ method, url, headers, ...(json === undefined ? {} : { json }) })
  const call = `${method} webhook/subscription`
  const gone = method === 'DELETE' && status === 404
  if (!gone && (status < 200 || status >= 300)) {
    // 400 and 422 are an address that Oura could not reach or did not like; the others are the credentials.
    const code = status >= 400 && status < 500 && status !== 429 ? 'platform/misconfigured' : 'platform/unavailable'
    throw new AppError(code, { platform: 'oura', call, status })
  }
  const parsed = shape.safeParse(method === 'DELETE' || method === 'PUT' ? undefined : readJson(text))
  if (!parsed.success)
    throw new AppError('platform/unavailable', { platform: 'oura', call, problem: 'unreadable_answer' })
  return parsed.data
}

function readJson(text: string): unknown {
  try {
    return parseJson(text)
  } catch {
    return undefined
  }
}
