import type { Platform } from '../contract.ts'
import { garminApi } from './api.ts'
import { normalizeActivities, normalizeMoveIq } from './normalize-activities.ts'
import { normalizeActivityDetails } from './normalize-activity-details.ts'
import { normalizeActivityFile, wrapActivityFile } from './normalize-activity-file.ts'
import { normalizeBloodPressure, normalizeBody } from './normalize-body.ts'
import {
  normalizeCycle,
  normalizeDailies,
  normalizeHrv,
  normalizePulseOx,
  normalizeRespiration,
  normalizeSkinTemperature,
  normalizeStress,
  normalizeUserMetrics,
} from './normalize-days.ts'
import { normalizeEpochs } from './normalize-epochs.ts'
import { normalizeHealthSnapshot, normalizeSleeps } from './normalize-sleeps.ts'
import { garminOAuth } from './oauth.ts'
import { garminPolicy } from './policy.ts'
import { readGarminItem } from './read-item.ts'
import { type GarminSettings, garminEnvironment } from './settings.ts'
import { garminWebhook } from './webhook.ts'

/** Facts, sources and odd cases: README.md. */
export default {
  id: 'garmin',
  displayName: 'Garmin',
  env: garminEnvironment,
  coverage: ['activities', 'activity_streams', 'activity_laps', 'daily_metrics', 'sleep_sessions', 'samples'],
  normalize: {
    dailies: normalizeDailies,
    epochs: normalizeEpochs,
    sleeps: normalizeSleeps,
    bodyComps: normalizeBody,
    stressDetails: normalizeStress,
    userMetrics: normalizeUserMetrics,
    pulseox: normalizePulseOx,
    allDayRespiration: normalizeRespiration,
    hrv: normalizeHrv,
    healthSnapshot: normalizeHealthSnapshot,
    bloodPressures: normalizeBloodPressure,
    skinTemp: normalizeSkinTemperature,
    activities: normalizeActivities,
    manuallyUpdatedActivities: normalizeActivities,
    activityDetails: normalizeActivityDetails,
    moveIQActivities: normalizeMoveIq,
    activityFiles: normalizeActivityFile,
    mct: normalizeCycle,
  },
  readWebhookItem: readGarminItem,
  files: { activityFiles: wrapActivityFile },
  longLists: { activityDetails: 'samples' },
  policy: garminPolicy,
  connect: (settings: GarminSettings) =>
    settings.application && {
      oauth: garminOAuth(settings.application, settings),
      api: garminApi(settings),
      webhook: garminWebhook(settings.application, settings),
    },
} satisfies Platform<GarminSettings>
