import { hash } from 'node:crypto'
import { z } from 'zod'
import { equalInConstantTime } from '../../runtime/constant-time.ts'
import { AppError } from '../../runtime/errors.ts'
import { parseJson } from '../../runtime/json.ts'
import type { SendRequest } from '../contract.ts'
import type { Notice, NoticeWebhook } from '../webhook-contract.ts'
import { WebhookEvent } from './schemas.ts'
import type { StravaApplication, StravaSettings } from './settings.ts'
import { ensureSubscription } from './subscription.ts'

/** Strava signs nothing: the path is secret, the subscription must be ours, and what is said is read back before it counts. */
export function stravaWebhook(application: StravaApplication, { apiUrl }: Pick<StravaSettings, 'apiUrl'>) {
  return {
    bodyLimitBytes: 64 * 1024,
    pathSecret: application.webhookSecret,
    previousPathSecret: application.previousWebhookSecret,
    handshake: (query: Readonly<Record<string, unknown>>) => answerHandshake(query, application.verifyToken.reveal()),
    verify: ({ rawBody, subscriptionId }: { rawBody: Buffer; subscriptionId: string | undefined }) => {
      const event = readEvent(rawBody)
      if (event.subscription_id !== subscriptionId) throw new AppError('webhook/unknown_subscription')
      return { dedupeKey: dedupeKey(event) }
    },
    read: (rawBody: Buffer) => notices(readEvent(rawBody)),
    ensureSubscription: ({ callbackUrl, send }: { callbackUrl: string; send: SendRequest }) =>
      ensureSubscription({ application, apiUrl, callbackUrl, send }),
  } satisfies NoticeWebhook
}

const Handshake = z.object({ 'hub.mode': z.literal('subscribe'), 'hub.challenge': z.string().min(1).max(256) })

function answerHandshake(query: Readonly<Record<string, unknown>>, verifyToken: string): { 'hub.challenge': string } {
  const token = query['hub.verify_token']
  if (typeof token !== 'string' || !equalInConstantTime(token, verifyToken))
    throw new AppError('webhook/wrong_verify_token')
  const { data, error } = Handshake.safeParse(query)
  if (data === undefined) throw malformed(error)
  return { 'hub.challenge': data['hub.challenge'] }
}

function readEvent(rawBody: Buffer): WebhookEvent {
  const { data, error } = WebhookEvent.safeParse(readJson(rawBody))
  if (data === undefined) throw malformed(error)
  return data
}

const utf8 = new TextDecoder('utf-8', { fatal: true })

function readJson(rawBody: Buffer): unknown {
  try {
    return parseJson(utf8.decode(rawBody))
  } catch {
    // No cause: a parser's message quotes what it read.
    throw new AppError('webhook/malformed', { field: 'body', problem: 'not_json' })
  }
}

function malformed(error: z.ZodError): AppError {
  const [issue] = error.issues
  return new AppError('webhook/malformed', {
    field: issue?.path[0]?.toString() ?? 'body',
    problem: issue?.code ?? 'unreadable',
  })
}

const NO_UPDATES = hash('sha256', '[]')

/** The platform's four fields are not enough: two updates of one second differ only in `updates`. */
function dedupeKey({
  subscription_id,
  object_type,
  object_id,
  aspect_type,
  event_time,
  updates,
}: WebhookEvent): string {
  const sorted = Object.entries(updates).sort(([a], [b]) => (a < b ? -1 : 1))
  const canonical = JSON.stringify(sorted.map(([name, value]) => [name, typeof value, String(value)]))
  const digest = sorted.length === 0 ? NO_UPDATES : hash('sha256', canonical)
  return [subscription_id, object_type, object_id, aspect_type, event_time, digest].join(':')
}

function notices(event: WebhookEvent): readonly Notice[] {
  const { object_type: type, aspect_type: aspect, owner_id: platformUserId, object_id: sourceId, updates } = event
  if (type === 'activity') return [{ platformUserId, sourceId, kind: aspect === 'delete' ? 'deleted' : 'changed' }]
  const { authorized, ...others } = updates
  // An account that is gone has withdrawn everything; both are believed only when the tokens no longer work.
  const left = aspect === 'delete' || (aspect === 'update' && String(authorized) === 'false')
  if (left) return [{ platformUserId, sourceId: null, kind: 'deauthorized' }]
  return Object.keys(others).length === 0 ? [] : [{ platformUserId, sourceId: null, kind: 'changed' }]
}
