import type { Platform } from '../contract.ts'
import { normalizeAutoExport } from './normalize-auto-export.ts'
import { normalizeActivitySummaries, normalizeExportEnd, normalizeExportRecords } from './normalize-export.ts'
import { normalizeFlutter } from './normalize-flutter.ts'
import { normalizeReactNative } from './normalize-react-native.ts'
import { normalizeSamples } from './normalize-samples.ts'
import { normalizeSdkSync } from './normalize-sdk-sync.ts'
import { normalizeExportWorkout } from './normalize-workout.ts'
import { appleHealthPolicy } from './policy.ts'
import { type AppleHealthSettings, appleHealthEnvironment } from './settings.ts'
import { appleHealthUpload } from './upload.ts'

/** Facts, sources and odd cases: README.md. */
export default {
  id: 'apple-health',
  displayName: 'Apple Health',
  env: appleHealthEnvironment,
  coverage: ['activities', 'activity_streams', 'activity_laps', 'daily_metrics', 'sleep_sessions', 'samples'],
  normalize: {
    export_records: normalizeExportRecords,
    export_sleep: normalizeExportRecords,
    export_workout: normalizeExportWorkout,
    export_activity_summaries: normalizeActivitySummaries,
    export_end: normalizeExportEnd,
    samples: normalizeSamples,
    health_auto_export: normalizeAutoExport,
    sdk_sync: normalizeSdkSync,
    react_native_health: normalizeReactNative,
    flutter_health: normalizeFlutter,
  },
  policy: appleHealthPolicy,
  upload: appleHealthUpload,
} satisfies Platform<AppleHealthSettings>
