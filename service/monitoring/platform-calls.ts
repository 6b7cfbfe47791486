import { Histogram, type Registry } from 'prom-client'

const SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30]

/** How a platform answered; 'failed' is no complete answer in time. */
export type CallOutcome = 'ok' | 'client_error' | 'rate_limited' | 'server_error' | 'failed'

export function outcomeOf(status: number): CallOutcome {
  if (status === 429) return 'rate_limited'
  if (status >= 500) return 'server_error'
  return status >= 400 ? 'client_error' : 'ok'
}

export type ObserveCall = (call: { platform: string; outcome: CallOutcome; seconds: number }) => void

/** Rate, errors and duration of the calls that platforms get from us. */
export function registerPlatformCalls(registry: Registry): ObserveCall {
  const histogram = new Histogram({
    name: 'platform_request_duration_seconds',
    help: 'Calls of platforms: their APIs and token endpoints',
    labelNames: ['platform', 'outcome'],
    buckets: SECONDS,
    registers: [registry],
  })
  return ({ platform, outcome, seconds }) => histogram.observe({ platform, outcome }, seconds)
}
