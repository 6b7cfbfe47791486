import type { Policy } from '../contract.ts'
import type { StravaSettings } from './settings.ts'

/** Strava API Policy of 2026-06-01: 5.4 (combining), 6.2 (cache), 6.3 (deleted at the source), 7.4 (deauthorization); see README.md. */
const PUBLISHED = {
  retentionDays: 7,
  deleteAfterSourceDeletionHours: 48,
  deleteAfterDeauthorizationDays: 30,
  combinable: false,
} as const

export function stravaPolicy({ policy, policyReason }: StravaSettings): Policy {
  const applied = { ...PUBLISHED, ...policy }
  const asPublished = (Object.keys(PUBLISHED) as (keyof typeof PUBLISHED)[]).every(
    (key) => applied[key] === PUBLISHED[key],
  )
  return {
    ...applied,
    attribution: 'Powered by Strava',
    displayRules: [
      'Show it only to the person whose data it is.',
      'Link each activity to source_url with the text "View on Strava".',
      'Name the recording device where device_name is a Garmin.',
    ],
    overrideReason: asPublished ? null : (policyReason ?? 'Set by the operator, who gave no reason.'),
  }
}
