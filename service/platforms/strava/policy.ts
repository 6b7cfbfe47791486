import type { Policy } from '../contract.ts'
import type { StravaSettings } from './settings.ts'

const PUBLISHED_RETENTION_DAYS = 7

/** Strava API Policy of 2026-06-01: 6.2 (cache), 6.3 (deleted at the source), 7.4 (deauthorization); see README.md. */
export function stravaPolicy({ retentionDays, retentionReason }: StravaSettings): Policy {
  const asPublished = retentionDays === PUBLISHED_RETENTION_DAYS
  return {
    retentionDays,
    deleteAfterSourceDeletionHours: 48,
    deleteAfterDeauthorizationDays: 30,
    attribution: 'Powered by Strava',
    overrideReason: asPublished ? null : (retentionReason ?? 'Set by the operator, who gave no reason.'),
  }
}
