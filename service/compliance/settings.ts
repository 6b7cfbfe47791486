import { z } from 'zod'
import type { Controller } from './export/controller.ts'
import type { Calendar } from './requests/deadline.ts'

const day = z.iso.date('must be dates such as 2026-12-25, comma-separated')
const timeZone = z.string().refine((name) => {
  try {
    return Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}, 'must be an IANA time zone such as Europe/Dublin')

export const COMPLIANCE_ENVIRONMENT = {
  COMPLIANCE_TIME_ZONE: timeZone.default('UTC'),
  PUBLIC_HOLIDAYS: z
    .string()
    .transform((list) => list.split(',').map((one) => one.trim()))
    .pipe(z.array(day))
    .default([]),
  CONTROLLER_NAME: z.string().max(200).default('the operator of this installation'),
  CONTROLLER_CONTACT: z.string().max(300).default('ask the operator of this installation'),
  /** Who else receives data, separated by semicolons. */
  DATA_RECIPIENTS: z
    .string()
    .transform((list) => list.split(';').map((one) => one.trim()))
    .default([]),
  EXPORT_KEEP_HOURS: z.coerce.number().int().min(1).max(720).default(72),
}

type ComplianceEnvironment = z.infer<z.ZodObject<typeof COMPLIANCE_ENVIRONMENT>>

export function complianceSettings(env: ComplianceEnvironment) {
  const calendar: Calendar = { timeZone: env.COMPLIANCE_TIME_ZONE, holidays: new Set(env.PUBLIC_HOLIDAYS) }
  const controller: Controller = {
    name: env.CONTROLLER_NAME,
    contact: env.CONTROLLER_CONTACT,
    recipients: env.DATA_RECIPIENTS,
  }
  return { calendar, controller, exportKeepHours: env.EXPORT_KEEP_HOURS }
}
