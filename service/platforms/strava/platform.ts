import type { Platform } from '../contract.ts'
import { stravaApi } from './api.ts'
import { normalizeActivity, normalizeActivityDeletion, normalizeActivityList } from './normalize-activity.ts'
import { normalizeActivityLaps } from './normalize-activity-laps.ts'
import { normalizeActivityStreams } from './normalize-activity-streams.ts'
import { normalizeActivityZones } from './normalize-activity-zones.ts'
import { normalizeAthlete } from './normalize-athlete.ts'
import { normalizeAthleteZones } from './normalize-athlete-zones.ts'
import { stravaOAuth } from './oauth.ts'
import { stravaPolicy } from './policy.ts'
import { type StravaSettings, stravaEnvironment } from './settings.ts'
import { stravaWebhook } from './webhook.ts'

/** Facts, sources and odd cases: README.md. */
export default {
  id: 'strava',
  displayName: 'Strava',
  env: stravaEnvironment,
  coverage: ['activities', 'activity_streams', 'activity_laps', 'activity_zones', 'daily_metrics'],
  normalize: {
    activity_list: normalizeActivityList,
    activity: normalizeActivity,
    activity_deletion: normalizeActivityDeletion,
    activity_streams: normalizeActivityStreams,
    activity_laps: normalizeActivityLaps,
    activity_zones: normalizeActivityZones,
    athlete: normalizeAthlete,
    athlete_zones: normalizeAthleteZones,
  },
  policy: stravaPolicy,
  connect: (settings: StravaSettings) =>
    settings.application && {
      oauth: stravaOAuth(settings.application, settings),
      api: stravaApi(settings),
      webhook: stravaWebhook(settings.application, settings),
    },
} satisfies Platform<StravaSettings>
