import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { chromiumPath, launchBrowser, openPage, tabTo, type WatchedPage, withoutBrowser } from '../support/browser.ts'
import { type RunningProduct, startProduct } from '../support/running.ts'
import { localDayOf, type ServedActivity } from '../support/strava-totals.ts'

const IMPORT_WITHIN_MS = 60_000
const SOON_MS = 15_000

let product: RunningProduct
let browser: Browser
let ada: WatchedPage

const text = async (page: Page, selector: string) => ((await page.textContent(selector)) ?? '').trim()
const activityRows = (page: Page) => page.locator('#activities-rows tr')
const askSimulator = (path: string, init?: RequestInit) =>
  fetch(`${product.simulatorUrl}/strava/simulate/${path}`, init)

async function sentBySimulator(page: Page, name: string): Promise<void> {
  const body = JSON.stringify({ athlete_id: 1, name })
  await askSimulator('activity', { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  await page.getByRole('row', { name }).waitFor({ timeout: SOON_MS })
}

if (chromiumPath === undefined) process.stdout.write(`tests/acceptance/page.test.ts is skipped: ${withoutBrowser}\n`)

describe.skipIf(chromiumPath === undefined)('the first page', () => {
  beforeAll(async () => {
    product = await startProduct()
    browser = await launchBrowser()
    ada = await openPage(browser, `${product.url}/`)
  })
  afterAll(async () => {
    await browser?.close()
    await product?.stop()
  })

  test('shows what is running, and that there is nothing yet', async () => {
    const states = ada.page.locator('#services .state')
    await expect.poll(() => states.allTextContents(), { timeout: SOON_MS }).toEqual(['running', 'running', 'running'])
    await ada.page.getByText('Ada has not connected Strava.').waitFor()
    await ada.page.getByText("Nothing here yet: Bela's data is not visible to Ada.").waitFor()
  })

  test('takes a No on the consent page for an answer', async () => {
    await ada.page.getByRole('checkbox', { name: 'I agree' }).waitFor()
    await ada.page.getByRole('button', { name: 'Connect with Strava' }).click()
    await ada.page.getByText('Tick the box first').waitFor()
    await ada.page.getByRole('checkbox', { name: 'I agree' }).check()
    await ada.page.getByRole('button', { name: 'Connect with Strava' }).click()
    await ada.page.getByRole('button', { name: 'Cancel' }).click()
    await ada.page.getByText('You did not allow access, so nothing was connected').waitFor()
    await ada.page.getByText('Ada has not connected Strava.').waitFor()
    expect(ada.page.url()).toBe(`${product.url}/`)
  })

  test('connects by keyboard alone, and shows how far the history is', { timeout: IMPORT_WITHIN_MS }, async () => {
    const { page } = ada
    await tabTo(page, 'Connect with Strava')
    await page.keyboard.press('Enter')
    await page.waitForURL(/\/oauth\/authorize/)
    await tabTo(page, 'Authorize')
    await page.keyboard.press('Enter')
    await page.waitForURL(`${product.url}/`)
    await page.getByRole('progressbar', { name: 'Import of the history' }).waitFor()
    await page
      .getByText(/^History complete: [\d,]+ records in \d+ pages, in [\d.]+ seconds\.$/)
      .first()
      .waitFor({ timeout: IMPORT_WITHIN_MS })
    expect(await text(page, '#history-percent')).toBe('100 %')
  })

  test('shows the totals that the platform has for the same days', async () => {
    const { page } = ada
    await page.locator('#numbers > summary').click()
    const served = (await (await askSimulator('athletes/1/activities')).json()) as ServedActivity[]
    const variables = await page.locator('#training-query pre').last().textContent()
    const { since } = JSON.parse(variables ?? '') as { since: string }
    const expected = served.filter((activity) => localDayOf(activity) >= since)
    expect(expected.length).toBeGreaterThan(50)
    const metres = expected.reduce((sum, { distance }) => sum + distance, 0)
    const seconds = expected.reduce((sum, { moving_time: moving }) => sum + moving, 0)
    await expect.poll(() => text(page, '#total-activities'), { timeout: SOON_MS }).toBe(String(expected.length))
    await expect.poll(() => text(page, '#total-distance')).toBe(Math.round(metres / 1000).toLocaleString('en-GB'))
    await expect.poll(() => text(page, '#total-time')).toBe(Math.round(seconds / 3600).toLocaleString('en-GB'))
    expect(await page.locator('#numbers-rows tr').count()).toBe(new Set(expected.map(localDayOf)).size)
  })

  test('says in words what each plot shows', async () => {
    const labels = await ada.page
      .getByRole('img')
      .evaluateAll((plots) => plots.map((plot) => plot.getAttribute('aria-label')))
    expect(labels).toEqual([
      expect.stringMatching(/^Distance\. [\d,.]+ km on \d+ of 18\d days; the most on one day: [\d.]+ km \(.+\)\.$/),
      expect.stringMatching(/^Moving time\. [\d,.]+ h on \d+ of 18\d days; the most on one day: [\d.]+ h \(.+\)\.$/),
      expect.stringMatching(/^Mean heart rate\. Measured on \d+ days, between \d+ bpm and \d+ bpm \(.+\)\.$/),
    ])
    const painted = await ada.page
      .locator('.canvas canvas')
      .first()
      .evaluate((canvas: HTMLCanvasElement) => {
        const pixels = canvas.getContext('2d')?.getImageData(0, 0, canvas.width, canvas.height).data ?? []
        return pixels.filter((value, index) => index % 4 === 3 && value > 0).length
      })
    expect(painted).toBeGreaterThan(2_000)
  })

  test('shows ten years by month at the press of a key', async () => {
    const { page } = ada
    const label = () => page.getByRole('img').first().getAttribute('aria-label')
    await page.getByRole('radio', { name: '6 months' }).focus()
    await page.keyboard.press('ArrowRight')
    await page.keyboard.press('ArrowRight')
    await expect.poll(label, { timeout: SOON_MS }).toMatch(/of 120 months/)
    await page.keyboard.press('ArrowLeft')
    await page.keyboard.press('ArrowLeft')
    await expect.poll(label, { timeout: SOON_MS }).toMatch(/of 18\d days/)
  })

  test('shows a new activity within seconds, by a press of a key', async () => {
    const { page } = ada
    const before = Number(await text(page, '#total-activities'))
    await page.getByRole('button', { name: 'Send a new activity' }).focus()
    await page.keyboard.press('Enter')
    await expect
      .poll(() => text(page, '#status'), { timeout: SOON_MS })
      .toMatch(/^“.+” has arrived, \d+\.\d seconds after it was sent\.$/)
    await expect.poll(() => text(page, '#total-activities'), { timeout: SOON_MS }).toBe(String(before + 1))
  })

  test('shows the second user nothing of the first, also not what arrives meanwhile', async () => {
    const other = await openPage(browser, `${product.url}/`)
    await ada.page.getByRole('radio', { name: 'Bela' }).check({ force: true })
    await ada.page.getByText("Nothing here yet: Ada's data is not visible to Bela.").waitFor()
    await sentBySimulator(other.page, 'Only for Ada')
    expect(await activityRows(ada.page).count()).toBe(0)
    expect(await ada.page.locator('#training-content').isVisible()).toBe(false)
    expect(await text(ada.page, 'main')).not.toContain('Only for Ada')
    await ada.page.reload()
    await ada.page.getByText('Bela has not connected Strava.').waitFor()
    await ada.page.getByRole('radio', { name: 'Ada' }).check({ force: true })
    await ada.page.getByRole('row', { name: 'Only for Ada' }).waitFor({ timeout: SOON_MS })
    expect(other.complaints).toEqual([])
  })

  test('goes on, live, after its token was renewed', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.clock.install()
    await page.goto(`${product.url}/`)
    await activityRows(page).first().waitFor({ timeout: SOON_MS })
    const renewal = page.waitForResponse((response) => response.url().endsWith('/demo/session'))
    const reconnection = page.waitForEvent('websocket')
    await page.clock.fastForward('13:30')
    expect((await renewal).status()).toBe(200)
    expect((await reconnection).url()).toBe(product.graphqlUrl.replace('http', 'ws'))
    await page.clock.fastForward('00:01')
    await sentBySimulator(page, 'After the renewal')
    await context.close()
  })

  test('copies the query behind a panel, and opens it in GraphiQL as the same user', async () => {
    const { page, complaints } = await openPage(browser, `${product.url}/`, {
      permissions: ['clipboard-read', 'clipboard-write'],
      // Tall enough for the whole result: GraphiQL has no lines in the page but those in view, and what was simulated for today may come first.
      viewport: { width: 1280, height: 4000 },
    })
    await page.locator('#activities-query > summary').click()
    await page.locator('#activities-query').getByRole('button', { name: 'Copy' }).click()
    await page.locator('#activities-query').getByText('Copied').waitFor()
    expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^subscription LatestActivities \{/)
    await page.locator('#activities-query').getByRole('link', { name: 'Open in GraphiQL' }).click()
    await page.getByRole('button', { name: /^Execute query/ }).click()
    await page.locator('.result-window').getByText('After the renewal').waitFor({ timeout: SOON_MS })
    expect(complaints).toEqual([])
  })

  test.each(['light', 'dark'] as const)('fits a phone, in %s', async (colorScheme) => {
    const { page, complaints } = await openPage(browser, `${product.url}/`, {
      colorScheme,
      viewport: { width: 390, height: 844 },
    })
    await activityRows(page).first().waitFor({ timeout: SOON_MS })
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390)
    expect(complaints).toEqual([])
  })

  test('connects Garmin beside it, and shows steps, nights and resting heart rate', {
    timeout: IMPORT_WITHIN_MS,
  }, async () => {
    const { page, complaints } = await openPage(browser, `${product.url}/`)
    // A browser warns of what is still being asked on a socket that is closed already.
    await page.getByText('Ada has not connected Oura.').waitFor({ timeout: SOON_MS })
    await activityRows(page).first().waitFor({ timeout: SOON_MS })
    await page.getByRole('radio', { name: 'Bela' }).check({ force: true })
    await page.getByText('Bela has not connected Garmin.').waitFor()
    await page.getByText('Bela has not connected Oura.').waitFor()
    expect(await page.locator('#health').isVisible()).toBe(false)
    await page.getByRole('button', { name: 'Connect with Garmin' }).click()
    await page.getByText('Tick the box first').waitFor()
    await page.locator('#others').getByRole('checkbox', { name: 'I agree that my data at Garmin' }).check()
    await page.getByRole('button', { name: 'Connect with Garmin' }).click()
    await page.getByRole('checkbox', { name: 'Historical data' }).check()
    await page.getByRole('button', { name: 'Save' }).click()
    await page.waitForURL(`${product.url}/`)
    await page.getByText('Bela has been connected to Garmin').waitFor()
    await page.locator('#health').waitFor({ timeout: IMPORT_WITHIN_MS })
    const labels = () =>
      page.locator('#health .canvas').evaluateAll((plots) => plots.map((plot) => plot.getAttribute('aria-label')))
    await expect
      .poll(labels, { timeout: IMPORT_WITHIN_MS })
      .toEqual([
        expect.stringMatching(/^Steps\. [\d,]+ a day on average, .+ known of (29|30|31) days\.$/),
        expect.stringMatching(/^Sleep\. \d\.\d h on average, .+ known of (29|30|31) days\.$/),
        expect.stringMatching(/^Resting heart rate\. \d+ bpm on average, .+ known of (29|30|31) days\.$/),
      ])
    await page
      .getByRole('link', { name: /^View where it was recorded/ })
      .first()
      .waitFor()
    expect(await page.getByRole('link', { name: /^View on Strava/ }).count()).toBe(0)
    await page.getByRole('button', { name: 'Disconnect Garmin' }).click()
    await page.getByText('Disconnected, and Garmin has confirmed it.').waitFor({ timeout: SOON_MS })
    expect(complaints).toEqual([])
  })

  test('disconnects, and keeps what was received', async () => {
    const { page } = ada
    await page.getByRole('button', { name: 'Disconnect' }).click()
    await page
      .getByText('Disconnected: the tokens are gone, and Strava has confirmed it.')
      .waitFor({ timeout: SOON_MS })
    await page.getByRole('button', { name: 'Connect with Strava' }).waitFor()
    expect(await activityRows(page).count()).toBe(10)
  })

  test('asked nobody else, and had nothing to complain about', () => {
    expect(ada.complaints).toEqual([])
  })
})
