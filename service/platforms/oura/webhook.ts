import { createHash, createHmac } from 'node:crypto'
import { z } from 'zod'
import { equalInConstantTime } from '../../runtime/constant-time.ts'
import { AppError } from '../../runtime/errors.ts'
import { parseJson } from '../../runtime/json.ts'
import type { NoticeWebhook, RequestHeaders } from '../webhook-contract.ts'
import type { OuraApplication, OuraSettings } from './settings.ts'
import { ensureSubscriptions } from './subscriptions.ts'

/** Oura tries for about an hour, and it is not said whether a repetition is signed anew. */
const OLDEST_S = 2 * 3600
const AHEAD_S = 300

/** Signed with the application's secret; each says which document changed, and that is read at Oura. */
export function ouraWebhook(application: OuraApplication, { apiUrl }: Pick<OuraSettings, 'apiUrl'>): NoticeWebhook {
  return {
    bodyLimitBytes: 64 * 1024,
    pathSecret: application.webhookSecret,
    previousPathSecret: application.previousWebhookSecret,
    handshake: (query) => answerHandshake(query, application.verificationToken.reveal()),
    verify: ({ rawBody, headers, now }) => {
      const timestamp = checkSignature(rawBody, headers, application)
      checkAge(timestamp, now)
      const event = readEvent(rawBody)
      // Where the event names no time, the signature's has to tell two changes apart.
      const signed = event.event_time === undefined ? timestamp : ''
      return { dedupeKey: createHash('sha256').update(rawBody).update(signed).digest('hex') }
    },
    read: (rawBody) => {
      const { user_id: platformUserId, object_id: sourceId, data_type, event_type } = readEvent(rawBody)
      const kind = event_type === 'delete' ? 'deleted' : 'changed'
      return [{ platformUserId, sourceId, sourceType: data_type.toLowerCase(), kind }]
    },
    ensureSubscription: ({ callbackUrl, send }) => ensureSubscriptions({ application, apiUrl, callbackUrl, send }),
    subscriptionLapses: true,
  }
}

const Handshake = z.object({ challenge: z.string().min(1).max(1024) })

function answerHandshake(query: Readonly<Record<string, unknown>>, expected: string): { challenge: string } {
  const token = query['verification_token']
  if (typeof token !== 'string' || !equalInConstantTime(token, expected))
    throw new AppError('webhook/wrong_verify_token')
  const { data } = Handshake.safeParse(query)
  if (data === undefined) throw new AppError('webhook/malformed', { field: 'challenge', problem: 'missing' })
  return { challenge: data.challenge }
}

/** HMAC-SHA256 over timestamp and body, as hexadecimal digits. Answers the timestamp. */
function checkSignature(rawBody: Buffer, headers: RequestHeaders, { clientSecret }: OuraApplication): string {
  const [signature, timestamp] = [headers['x-oura-signature'], headers['x-oura-timestamp']]
  if (typeof signature !== 'string' || typeof timestamp !== 'string')
    throw new AppError('webhook/not_verified', { platform: 'oura', problem: 'unsigned' })
  const expected = createHmac('sha256', clientSecret.reveal()).update(timestamp).update(rawBody).digest('hex')
  if (!equalInConstantTime(signature.toLowerCase(), expected))
    throw new AppError('webhook/not_verified', { platform: 'oura', problem: 'signature' })
  return timestamp
}

function checkAge(timestamp: string, now: Date): void {
  const told = /^\d{10,13}$/.test(timestamp) ? Number(timestamp) : Number.NaN
  const seconds = told > 1e11 ? told / 1000 : told
  const age = now.getTime() / 1000 - seconds
  if (!(age <= OLDEST_S && age >= -AHEAD_S))
    throw new AppError('webhook/not_verified', { platform: 'oura', problem: 'stale' })
}

const id = z.string().min(1).max(200)
const Event = z.object({
  event_type: z.enum(['create', 'update', 'delete']),
  data_type: z.string().min(1).max(100),
  object_id: id,
  user_id: id,
  event_time: z.string().max(100).optional(),
})

function readEvent(rawBody: Buffer): z.infer<typeof Event> {
  const { data, error } = Event.safeParse(readJson(rawBody))
  if (data !== undefined) return data
  const [issue] = error.issues
  const field = issue?.path[0]?.toString() ?? 'body'
  throw new AppError('webhook/malformed', { field, problem: issue?.code ?? 'unreadable' })
}

function readJson(rawBody: Buffer): unknown {
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(rawBody))
  } catch {
    // No cause: a parser's message quotes what it read.
    throw new AppError('webhook/malformed', { field: 'body', problem: 'not_json' })
  }
}
