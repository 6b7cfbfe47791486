import type { PlatformAnswer, PlatformRequest } from '../platforms/contract.ts'
import type { Db } from '../runtime/db.ts'
import { AppError } from '../runtime/errors.ts'
import type { PackedBody } from '../runtime/packed-body.ts'
import { readRetryAfter } from '../runtime/retry-after.ts'
import { exhaustBudget, pauseRequests, type Urgency } from './budget.ts'
import { apiOf, type ConnectionKey, type IngestionServices } from './services.ts'
import { sendWithinBudget } from './within-budget.ts'

/** How long a platform that does not serve the application is left alone before one request finds out again. */
const SUSPENDED_S = 15 * 60

export type PlatformReply =
  | { readonly kind: 'ok'; readonly text: string; readonly packed?: PackedBody }
  | { readonly kind: 'not_found' }
  /** The request limit is reached: nothing failed, come back later. */
  | { readonly kind: 'wait'; readonly until: Date }

export interface AskOptions {
  readonly key: ConnectionKey
  readonly request: PlatformRequest
  readonly urgency: Urgency
}

/** The same, with an answer that the caller understands itself. */
export type PlatformReplyOr<Own> = PlatformReply | { readonly kind: 'own'; readonly own: Own }

/**
 * One call of a platform's API on behalf of one person, inside the application's request budget.
 * Throws connection/reauth_required, connection/scope_missing, platform/misconfigured, platform/unavailable, platform/refused.
 */
export async function requestPlatform(services: IngestionServices, options: AskOptions): Promise<PlatformReply> {
  const reply = await requestWith<never>(services, options, () => undefined)
  if (reply.kind === 'own') throw new Error('nothing of its own was asked for')
  return reply
}

/** As above; what `understandFirst` answers is taken as it is. */
export async function requestWith<Own>(
  services: IngestionServices,
  { key, request, urgency }: AskOptions,
  understandFirst: (answer: PlatformAnswer) => Own | undefined,
): Promise<PlatformReplyOr<Own>> {
  const { api } = apiOf(services.platforms, key.platform)
  return services.withAccessToken<PlatformReplyOr<Own>>(key, async (accessToken) => {
    const headers = { ...request.headers, authorization: `Bearer ${accessToken.reveal()}` }
    const budgeted = { platform: key.platform, urgency, readBudget: (headers: Headers) => api.readBudget(headers) }
    const sent = await sendWithinBudget(services.db, budgeted, () =>
      services.send({ ...request, headers }, key.platform),
    )
    if ('waitUntil' in sent) return { kind: 'wait', until: sent.waitUntil }
    const { answer } = sent
    const own = understandFirst(answer)
    return own === undefined ? understand(services, key, answer) : { kind: 'own', own }
  })
}

async function understand(
  { db, platforms }: IngestionServices,
  { platform }: ConnectionKey,
  answer: PlatformAnswer,
): Promise<PlatformReply | 'unauthorized'> {
  const outcome = apiOf(platforms, platform).api.classify(answer)
  switch (outcome.kind) {
    case 'ok':
      return { kind: 'ok', ...answer }
    case 'not_found':
      return { kind: 'not_found' }
    case 'unauthorized':
      return 'unauthorized'
    case 'rate_limited':
      return { kind: 'wait', until: (await pauseAsAsked(db, platform, answer)) ?? (await exhaustBudget(db, platform)) }
    case 'scope_missing':
      throw new AppError('connection/scope_missing', { platform })
    case 'misconfigured':
      throw new AppError('platform/misconfigured', { platform, status: answer.status })
    case 'suspended':
      return {
        kind: 'wait',
        until: await pauseRequests(db, platform, { seconds: SUSPENDED_S, reason: 'misconfigured' }),
      }
    case 'unavailable': {
      const until = await pauseAsAsked(db, platform, answer)
      if (until !== undefined) return { kind: 'wait', until }
      throw new AppError('platform/unavailable', { platform, status: answer.status })
    }
  }
}

/** A platform that names the time knows better than our count of requests. Undefined when it does not. */
async function pauseAsAsked(db: Db, platform: string, { headers }: PlatformAnswer): Promise<Date | undefined> {
  const seconds = readRetryAfter(headers, new Date())
  return seconds === undefined ? undefined : pauseRequests(db, platform, { seconds })
}
