import { asObject } from './normalize-auto-export.ts'

/** Which of the forms that apps post a body is, by what only that form has; undefined: none of them. */
export function recognizeJson(body: unknown): string | undefined {
  const item = Array.isArray(body) ? asObject(body[0]) : asObject(body)
  if (item === undefined) return undefined
  if (item['provider'] === 'apple' && asObject(item['data']) !== undefined) return 'sdk_sync'
  if (Array.isArray(body)) return recognizeItem(item)
  if (Array.isArray(item['samples'])) return 'samples'
  if (Array.isArray(item['data']) && typeof item['anchor'] === 'string') return 'react_native_health'
  if (Array.isArray(item['data']))
    return item['data'].length === 0 ? undefined : recognizeItem(asObject(item['data'][0]) ?? {})
  if (asObject(item['data']) !== undefined) return 'health_auto_export'
  return Object.keys(item).some((key) => /^get[A-Z]/.test(key)) ? 'react_native_health' : undefined
}

function recognizeItem(item: Readonly<Record<string, unknown>>): string | undefined {
  if (item['dateFrom'] !== undefined) return 'flutter_health'
  return item['uuid'] !== undefined && item['startDate'] !== undefined ? 'samples' : undefined
}
