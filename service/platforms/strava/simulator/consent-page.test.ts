import { expect, test } from 'vitest'
import { consentPage } from './consent-page.ts'

const page = (wanted: string) =>
  consentPage({ action: '/accept', request: {}, scopes: ['read'], nextAthleteId: 3, wanted })

test('the athlete that is asked for is selected, also when nobody has used it yet', () => {
  expect(page('2')).toMatch(/<option value="2" selected>/)
  expect(page('7')).toMatch(/<option value="7" selected>/)
})

test.for(['', '0', '-1', 'x"><script>', '100000'])('%s selects a new athlete', (wanted) => {
  expect(page(wanted)).not.toContain('selected')
  expect(page(wanted)).not.toContain('<script>')
})
