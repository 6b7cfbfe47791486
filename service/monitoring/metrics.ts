import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import { registerPlatformCalls } from './platform-calls.ts'
import { privacyMetrics } from './privacy-metrics.ts'
import { createRequestWindow } from './request-window.ts'

const SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60]
const RUN_SECONDS = [1, 5, 15, 60, 300, 900, 3600, 14_400, 86_400]

export type Metrics = ReturnType<typeof createMetrics>

/** Names and labels are a contract with dashboards and alerts. No label takes a value from a person or a request. */
export function createMetrics() {
  const registry = new Registry()
  collectDefaultMetrics({ register: registry })
  // Gauges whose names end like counters; the same figures exist by kind.
  for (const name of ['active_handles', 'active_requests', 'active_resources'])
    registry.removeSingleMetric(`nodejs_${name}_total`)
  const registers = [registry]
  const observeCall = registerPlatformCalls(registry)
  const metrics = {
    ...syncMetrics(registers),
    ...strategyMetrics(registers),
    ...failureMetrics(registers),
    ...requestMetrics(registers),
    ...erasureMetrics(registers),
    ...privacyMetrics(registers),
  }
  startAtZero(metrics)
  return {
    registry,
    requests: createRequestWindow(),
    observeCall,
    ...metrics,
  }
}

/** Prometheus sees no increase in a series that begins with its first event: what alerts wait for has to be there before. */
function startAtZero({ emergencyAccess, encryptionOperations }: ReturnType<typeof requestMetrics>): void {
  for (const step of ['requested', 'approved', 'read']) emergencyAccess.inc({ step }, 0)
  for (const purpose of ['token', 'inbox', 'oauth_state', 'revocation'])
    encryptionOperations.inc({ operation: 'open', purpose, outcome: 'failure' }, 0)
}

function strategyMetrics(registers: Registry[]) {
  return {
    strategyChanges: new Counter({
      name: 'sync_strategy_changes_total',
      help: 'Connections that went over to polling or back to webhooks',
      labelNames: ['platform', 'to', 'reason'],
      registers,
    }),
  }
}

function failureMetrics(registers: Registry[]) {
  return {
    deadLetters: new Counter({
      name: 'dead_letters_total',
      help: 'Jobs that failed for good',
      labelNames: ['task', 'cause'],
      registers,
    }),
  }
}

function syncMetrics(registers: Registry[]) {
  return {
    syncOperations: new Counter({
      name: 'sync_operations_total',
      help: 'Sync runs that ended',
      labelNames: ['platform', 'kind', 'outcome'],
      registers,
    }),
    syncDuration: new Histogram({
      name: 'sync_duration_seconds',
      help: 'From asking for a sync run to its end',
      labelNames: ['platform', 'kind'],
      buckets: RUN_SECONDS,
      registers,
    }),
    rateLimitStoreDown: new Counter({
      name: 'rate_limit_store_down_total',
      help: 'Requests that a process counted for itself because the shared count did not answer',
      registers,
    }),
    recordsRejected: new Counter({
      name: 'records_rejected_total',
      help: 'Records inside payloads that could not be normalized',
      labelNames: ['platform'],
      registers,
    }),
    policyEffects: new Counter({
      name: 'policy_effects_total',
      help: "Records that a platform's policy removed or kept apart",
      labelNames: ['platform', 'effect'],
      registers,
    }),
    tokenRefreshes: new Counter({
      name: 'token_refreshes_total',
      help: 'Token refreshes that yielded a token',
      labelNames: ['platform'],
      registers,
    }),
    tokenRefreshFailures: new Counter({
      name: 'token_refresh_failures_total',
      help: 'Token refreshes that did not yield a token',
      labelNames: ['platform', 'reason'],
      registers,
    }),
  }
}

function requestMetrics(registers: Registry[]) {
  return {
    emergencyAccess: new Counter({
      name: 'emergency_access_total',
      help: 'Steps of break-glass accesses; each is an alert',
      labelNames: ['step'],
      registers,
    }),
    dataAccessAudit: new Counter({
      name: 'data_access_audit_total',
      help: 'Events written to the audit trail',
      labelNames: ['action', 'outcome'],
      registers,
    }),
    encryptionOperations: new Counter({
      name: 'encryption_operations_total',
      help: 'Secrets sealed and opened by the vault',
      labelNames: ['operation', 'purpose', 'outcome'],
      registers,
    }),
    apiRequestDuration: new Histogram({
      name: 'api_request_duration_seconds',
      help: 'Requests to the service',
      labelNames: ['listener', 'method', 'route', 'status'],
      buckets: SECONDS,
      registers,
    }),
    webhookProcessing: new Histogram({
      name: 'webhook_processing_seconds',
      help: 'Work on one webhook delivery, reading back from the platform included',
      labelNames: ['outcome'],
      buckets: SECONDS,
      registers,
    }),
    webhookDelay: new Histogram({
      name: 'webhook_delay_seconds',
      help: 'From the arrival of a webhook delivery to its end, waiting included',
      labelNames: ['platform'],
      buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900, 3600],
      registers,
    }),
    jobDuration: new Histogram({
      name: 'job_duration_seconds',
      help: 'Runs of background jobs',
      labelNames: ['task', 'outcome'],
      buckets: SECONDS,
      registers,
    }),
  }
}

function erasureMetrics(registers: Registry[]) {
  return {
    breachClocks: new Gauge({
      name: 'breach_clocks_running',
      help: 'Notices of breaches that have not been given: overdue, due within a day, or in time',
      labelNames: ['rule', 'urgency'],
      registers,
    }),
    resurrectionsRefused: new Counter({
      name: 'resurrections_refused_total',
      help: 'Webhooks, jobs and requests that would have brought back somebody who was erased',
      labelNames: ['by'],
      registers,
    }),
  }
}
