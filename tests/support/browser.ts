import { existsSync } from 'node:fs'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'

const PATHS = [process.env.CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Where Chromium is on this machine. */
export const chromiumPath = PATHS.find((path) => path !== undefined && path !== '' && existsSync(path))

/** Says why nothing is tested, where there is no browser. */
export const withoutBrowser =
  'there is no Chromium here: apt-get install chromium, or set CHROMIUM_PATH to where one is'

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    ...(chromiumPath !== undefined && { executablePath: chromiumPath }),
    // Chromium's sandbox needs a user other than root, which containers seldom have.
    args: ['--no-sandbox'],
  })
}

/** A page of a person, and everything in it that should not have been. */
export interface WatchedPage {
  readonly page: Page
  /** Errors and warnings of scripts and of the content policy, and requests to other machines. */
  readonly complaints: readonly string[]
}

export async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext(options)
  const page = await context.newPage()
  const complaints: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text())
  })
  page.on('request', (request) => {
    const { hostname, protocol } = new URL(request.url())
    if (protocol !== 'data:' && hostname !== 'localhost') complaints.push(`asked ${hostname}`)
  })
  await page.goto(url)
  return { page, complaints }
}

/** Presses Tab, as often as it takes, until the element with this accessible name has the focus. */
export async function tabTo(page: Page, name: string): Promise<void> {
  for (let presses = 0; presses < 60; presses += 1) {
    await page.keyboard.press('Tab')
    const focused = await page.evaluate(() => {
      const element = document.activeElement
      return element instanceof HTMLInputElement
        ? (element.labels?.[0]?.textContent ?? '')
        : (element?.textContent ?? '')
    })
    if (focused.trim() === name) return
  }
  throw new Error(`Tab does not get to "${name}"`)
}
