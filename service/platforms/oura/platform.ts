import type { Platform } from '../contract.ts'
import { ouraApi } from './api.ts'
import {
  normalizeActivityDay,
  normalizeCardiovascularAge,
  normalizeOxygenDay,
  normalizeReadinessDay,
  normalizeResilienceDay,
  normalizeSleepDay,
  normalizeStressDay,
  normalizeVo2Max,
} from './normalize-days.ts'
import { normalizeDeletion } from './normalize-deletion.ts'
import { normalizeHeartRate } from './normalize-heart-rate.ts'
import { normalizePersonalInfo } from './normalize-personal-info.ts'
import { normalizeSession } from './normalize-session.ts'
import { normalizeSleep } from './normalize-sleep.ts'
import { normalizeWorkout } from './normalize-workout.ts'
import { ouraOAuth } from './oauth.ts'
import { ouraPolicy } from './policy.ts'
import { type OuraSettings, ouraEnvironment } from './settings.ts'
import { ouraWebhook } from './webhook.ts'

/** Facts, sources and odd cases: README.md. */
export default {
  id: 'oura',
  displayName: 'Oura',
  env: ouraEnvironment,
  coverage: ['activities', 'daily_metrics', 'sleep_sessions', 'samples'],
  normalize: {
    sleep: normalizeSleep,
    workout: normalizeWorkout,
    session: normalizeSession,
    heartrate: normalizeHeartRate,
    daily_activity: normalizeActivityDay,
    daily_readiness: normalizeReadinessDay,
    daily_sleep: normalizeSleepDay,
    daily_spo2: normalizeOxygenDay,
    daily_stress: normalizeStressDay,
    daily_resilience: normalizeResilienceDay,
    daily_cardiovascular_age: normalizeCardiovascularAge,
    vo2_max: normalizeVo2Max,
    personal_info: normalizePersonalInfo,
    document_deletion: normalizeDeletion,
  },
  policy: ouraPolicy,
  connect: (settings: OuraSettings) =>
    settings.application && {
      oauth: ouraOAuth(settings.application, settings),
      api: ouraApi(settings),
      webhook: ouraWebhook(settings.application, settings),
    },
} satisfies Platform<OuraSettings>
