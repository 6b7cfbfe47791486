import type { Policy } from '../contract.ts'

/**
 * Apple sets no terms for a file that the person exports themselves. An app that reads HealthKit is bound by App Store Review Guideline
 * 5.1.3 (no advertising, no false data, no iCloud storage) and has to honour deletions; see README.md.
 */
export function appleHealthPolicy(): Policy {
  return {
    retentionDays: null,
    deleteAfterSourceDeletionHours: null,
    deleteAfterDeauthorizationDays: null,
    combinable: true,
    attribution: 'Apple Health',
    displayRules: ['Name Apple Health as the source; use its icon and name as Apple has them.'],
    overrideReason: null,
  }
}
