import { createHmac, randomBytes } from 'node:crypto'
import type { OuraSimulatorOptions } from './options.ts'

export interface Subscription {
  readonly id: string
  readonly callback_url: string
  readonly event_type: string
  readonly data_type: string
  readonly verification_token: string
  expiration_time: string
}

/** The application's subscriptions, and what is posted to them. */
export class Notices {
  readonly subscriptions = new Map<string, Subscription>()
  readonly #options: OuraSimulatorOptions
  readonly #underway = new Set<Promise<void>>()
  #sent = 0

  constructor(options: OuraSimulatorOptions) {
    this.#options = options
  }

  get sent(): number {
    return this.#sent
  }

  /** Whether the address answers as its owner would. */
  async isConfirmed(address: string, verificationToken: string): Promise<boolean> {
    const challenge = randomBytes(8).toString('hex')
    const url = new URL(address)
    url.searchParams.set('verification_token', verificationToken)
    url.searchParams.set('challenge', challenge)
    try {
      const response = await fetch(url, { redirect: 'manual', signal: AbortSignal.timeout(10_000) })
      const body: unknown = await response.json()
      return response.status === 200 && JSON.stringify(body) === JSON.stringify({ challenge })
    } catch {
      return false
    }
  }

  send(event: Readonly<Record<'event_type' | 'data_type' | 'object_id' | 'user_id', string>>, now: Date): void {
    for (const subscription of this.subscriptions.values()) {
      const wanted = subscription.event_type === event.event_type && subscription.data_type === event.data_type
      if (!wanted || Date.parse(subscription.expiration_time) < now.getTime()) continue
      const delivery = this.#deliver(subscription, { ...event, event_time: now.toISOString() }, now)
      const turn = delivery.finally(() => this.#underway.delete(turn))
      this.#underway.add(turn)
    }
  }

  /** Waits for what is on its way. */
  async settle(): Promise<void> {
    while (this.#underway.size > 0) await Promise.all(this.#underway)
  }

  async #deliver({ callback_url: url }: Subscription, event: object, now: Date): Promise<void> {
    const body = JSON.stringify(event)
    const timestamp = String(Math.floor(now.getTime() / 1000))
    const signature = createHmac('sha256', this.#options.clientSecret)
      .update(timestamp + body)
      .digest('hex')
    const headers = {
      'content-type': 'application/json',
      'x-oura-timestamp': timestamp,
      'x-oura-signature': signature.toUpperCase(),
    }
    for (let attempt = 1; attempt <= 3; attempt += 1) {
      const answer = await fetch(url, { method: 'POST', headers, body, redirect: 'manual' }).catch(() => undefined)
      if (answer?.ok) {
        this.#sent += 1
        return
      }
    }
  }
}
