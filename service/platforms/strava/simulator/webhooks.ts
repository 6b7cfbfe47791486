import { randomBytes } from 'node:crypto'
import type { Faults } from './faults.ts'
import type { Json } from './json.ts'
import { badRequest } from './refusals.ts'
import type { StateStore, Subscription } from './state.ts'
import { type ActivityEvent, eventBody } from './webhook-events.ts'

const ANSWER_MS = 2000
const ATTEMPTS = 3

export interface Webhooks {
  readonly subscription: Subscription | undefined
  /** Asks the callback to prove itself first. Throws a Refusal. */
  subscribe(request: { callbackUrl: string; verifyToken: string }): Promise<Subscription>
  unsubscribe(id: string): boolean
  /** Delivers in the background, in three attempts at most; nothing is sent without a subscription. */
  send(event: { event: ActivityEvent; object: { type: 'activity' | 'athlete'; id: Json }; athleteId: number }): void
  /** Ends what is on its way. */
  close(): Promise<void>
}

interface Settings extends StateStore {
  readonly now: () => Date
  readonly retryMs: number
  readonly faults: Faults
}

export function openWebhooks({ state, change, now, retryMs, faults }: Settings): Webhooks {
  const ending = new AbortController()
  const underway = new Set<Promise<void>>()
  const deliver = async (url: string, body: string) => {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
      if (await isAccepted(url, body, ending.signal)) return
      if (attempt < ATTEMPTS) await pause(retryMs, ending.signal)
      if (ending.signal.aborted) return
    }
  }
  return {
    get subscription() {
      return state.subscription ?? undefined
    },
    async subscribe({ callbackUrl, verifyToken }) {
      if (state.subscription !== null) throw badRequest('PushSubscription', 'application', 'already exists')
      await askForProof(callbackUrl, verifyToken)
      const subscription = { id: state.nextSubscriptionId, callbackUrl, createdAt: now().toISOString() }
      change({ facts: { subscription, nextSubscriptionId: subscription.id + 1 } })
      return subscription
    },
    unsubscribe(id) {
      if (String(state.subscription?.id) !== id) return false
      change({ facts: { subscription: null } })
      return true
    },
    send(event) {
      const { subscription } = state
      if (subscription === null) return
      const body = eventBody({ ...event, subscriptionId: subscription.id, at: now() })
      for (let copy = faults.copiesOfEvent(); copy > 0; copy -= 1) {
        const delivery = deliver(subscription.callbackUrl, body).finally(() => underway.delete(delivery))
        underway.add(delivery)
      }
    },
    async close() {
      ending.abort()
      await Promise.all(underway)
    },
  }
}

/** Exactly 200 within two seconds; a redirect is not followed. */
async function isAccepted(url: string, body: string, ending: AbortSignal): Promise<boolean> {
  const signal = AbortSignal.any([ending, AbortSignal.timeout(ANSWER_MS)])
  const headers = { 'content-type': 'application/json' }
  try {
    const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
    await response.body?.cancel()
    return response.status === 200
  } catch {
    return false
  }
}

async function askForProof(callbackUrl: string, verifyToken: string): Promise<void> {
  const url = URL.parse(callbackUrl)
  if (url === null || !url.protocol.startsWith('http') || callbackUrl.length > 255)
    throw badRequest('PushSubscription', 'callback url')
  const challenge = randomBytes(8).toString('hex')
  url.searchParams.set('hub.mode', 'subscribe')
  url.searchParams.set('hub.challenge', challenge)
  url.searchParams.set('hub.verify_token', verifyToken)
  const answer = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(ANSWER_MS) })
    .then(async (response) => ({
      status: response.status,
      type: response.headers.get('content-type') ?? '',
      text: await response.text(),
    }))
    .catch(() => undefined)
  if (answer?.status !== 200)
    throw badRequest('PushSubscription', 'callback url', 'GET to callback URL does not return 200')
  if (!answer.type.startsWith('application/json') || echoed(answer.text) !== challenge)
    throw badRequest('PushSubscription', 'callback url', 'not verifiable')
}

function echoed(text: string): unknown {
  try {
    return (JSON.parse(text) as Record<string, unknown> | null)?.['hub.challenge']
  } catch {
    return undefined
  }
}

async function pause(milliseconds: number, ending: AbortSignal): Promise<void> {
  if (ending.aborted) return
  await new Promise<void>((resolve) => {
    const done = () => {
      clearTimeout(timer)
      resolve()
    }
    const timer = setTimeout(done, milliseconds)
    ending.addEventListener('abort', done, { once: true })
  })
}
