import { z } from 'zod'
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
}

type ComplianceEnvironment = z.infer<z.ZodObject<typeof COMPLIANCE_ENVIRONMENT>>

export function complianceSettings(env: ComplianceEnvironment): { readonly calendar: Calendar } {
  return { calendar: { timeZone: env.COMPLIANCE_TIME_ZONE, holidays: new Set(env.PUBLIC_HOLIDAYS) } }
}
