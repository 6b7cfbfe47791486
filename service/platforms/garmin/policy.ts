import type { Policy } from '../contract.ts'

/** Garmin publishes no terms of its API to others than partners: nothing is enforced that nobody can read. See README.md. */
export function garminPolicy(): Policy {
  return {
    retentionDays: null,
    deleteAfterSourceDeletionHours: null,
    deleteAfterDeauthorizationDays: null,
    combinable: true,
    attribution: 'Garmin',
    displayRules: [
      'Show Garmin and, where it is known, the name of the device beside the data, as the brand guidelines of the developer program say.',
    ],
    overrideReason: null,
  }
}
