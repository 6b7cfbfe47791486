import { Counter, Gauge, type Registry } from 'prom-client'

export function privacyMetrics(registers: Registry[]) {
  return {
    gdprRequests: new Counter({
      name: 'gdpr_requests_total',
      help: 'Requests of people under the GDPR: received, and how they ended',
      labelNames: ['kind', 'outcome'],
      registers,
    }),
    consentDecisions: new Counter({
      name: 'consent_decisions_total',
      help: 'Consents given and withdrawn',
      labelNames: ['decision'],
      registers,
    }),
  }
}

export type CountOpenRequests = () => Promise<readonly { kind: string; urgency: string; requests: number }[]>

/** Requests that are open, asked for at each scrape: a job that marks them and does not run hides nothing. */
export function watchOpenRequests(registry: Registry, count: CountOpenRequests): void {
  const gauge = new Gauge({
    name: 'gdpr_requests_open',
    help: 'Requests of people that are not answered: in_time, or due in seven_days, in two_days, or overdue',
    labelNames: ['kind', 'urgency'],
    registers: [],
    async collect() {
      this.reset()
      for (const { kind, urgency, requests } of await count()) this.set({ kind, urgency }, requests)
    },
  })
  registry.registerMetric(gauge)
}
