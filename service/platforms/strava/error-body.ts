import { z } from 'zod'

/** The first entry of `errors`; texts that are missing are empty. */
export interface StravaError {
  readonly resource: string
  readonly field: string
  readonly code: string
}

const text = z.string().catch('')
const ErrorBody = z.object({ errors: z.array(z.object({ resource: text, field: text, code: text })).catch([]) })

/** What an error answer names. `unreadable`: not one of Strava's JSON bodies, so somebody else may have answered. */
export function readError(body: unknown): StravaError | 'unnamed' | 'unreadable' {
  const parsed = ErrorBody.safeParse(body)
  if (!parsed.success) return 'unreadable'
  return parsed.data.errors[0] ?? 'unnamed'
}

/** Whether it has the list of errors that all bodies of Strava's have: another's 404 must not delete anything. */
export function hasErrors(body: unknown): boolean {
  return typeof body === 'object' && body !== null && 'errors' in body
}

/** Whether it is this resource, field and code; `field` undefined: any. */
export function names(error: StravaError | string, { resource, field, code }: Partial<StravaError>): boolean {
  if (typeof error === 'string') return false
  return (
    (resource === undefined || error.resource === resource) &&
    (field === undefined || error.field === field) &&
    (code === undefined || error.code === code)
  )
}
