import type { Policy } from '../contract.ts'

/** Oura's agreement for developers is shown to whoever registers an application: nothing is enforced here that we could not read. */
export function ouraPolicy(): Policy {
  return {
    retentionDays: null,
    deleteAfterSourceDeletionHours: null,
    deleteAfterDeauthorizationDays: null,
    combinable: true,
    attribution: 'Oura',
    displayRules: ['Name Oura beside its scores (readiness, sleep, activity): they are not comparable with others’.'],
    overrideReason: null,
  }
}
