import { setTimeout as sleep } from 'node:timers/promises'
import type { GarminSimulatorOptions } from './options.ts'

const ANSWER_MS = 30_000
const ATTEMPTS = 5

/** Posts in the background, again when the answer is not exactly 200; each thing sent has a turn of its own. */
export class Deliveries {
  readonly #options: GarminSimulatorOptions
  readonly #underway = new Set<Promise<void>>()
  readonly #ending = new AbortController()
  #sent = 0
  /** At Garmin it is typed into a form of the developer portal. */
  webhookUrl: string | undefined

  constructor(options: GarminSimulatorOptions) {
    this.#options = options
    this.webhookUrl = options.webhookUrl
  }

  get sent(): number {
    return this.#sent
  }

  send(body: Readonly<Record<string, unknown>>): void {
    const { webhookUrl } = this
    if (webhookUrl === undefined) return
    const delivery = this.#deliver(webhookUrl, JSON.stringify(body)).finally(() => this.#underway.delete(delivery))
    this.#underway.add(delivery)
  }

  /** The same, and answers when it has arrived: for what has to come in its order. */
  async sendInTurn(body: Readonly<Record<string, unknown>>): Promise<void> {
    if (this.webhookUrl !== undefined) await this.#deliver(this.webhookUrl, JSON.stringify(body))
  }

  /** Waits for what is on its way. */
  async settle(): Promise<void> {
    while (this.#underway.size > 0) await Promise.all(this.#underway)
  }

  async close(): Promise<void> {
    this.#ending.abort()
    await this.settle()
  }

  async #deliver(url: string, body: string): Promise<void> {
    const headers = { 'content-type': 'application/json', 'garmin-client-id': this.#options.clientId }
    const { signal: ending } = this.#ending
    for (let attempt = 1; attempt <= ATTEMPTS && !ending.aborted; attempt += 1) {
      const signal = AbortSignal.any([ending, AbortSignal.timeout(ANSWER_MS)])
      const status = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal }).then(
        (response) => response.status,
        () => 0,
      )
      if (status === 200) {
        this.#sent += 1
        return
      }
      await sleep(this.#options.retryMs, undefined, { signal: ending }).catch(() => {})
    }
  }
}
