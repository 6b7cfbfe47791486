import { secondsOf } from './days.js'
import { byId, element } from './dom.js'
import { formatDuration, formatNumber, formatStart } from './format.js'
import { say, warn } from './messages.js'
import { LATEST_ACTIVITIES } from './queries.js'
import { createQueryPanel } from './query-panel.js'

/**
 * @import { DemoUser } from './demo.js'
 * @import { Graphql } from './graphql.js'
 *
 * @typedef {object} Activity
 * @property {string} id
 * @property {string | null} name
 * @property {string} platform
 * @property {string} sport
 * @property {string} local_day
 * @property {number | null} distance_m
 * @property {number | null} moving_time_s
 * @property {number | null} heart_rate_mean_bpm
 * @property {string | null} device_name
 * @property {string | null} source_url
 */

/** The latest activities, live; says when one arrives that was sent from here. */
export function createActivitiesPanel() {
  const query = createQueryPanel('activities-query', { label: 'this list', query: LATEST_ACTIVITIES })
  /** @type {Set<string> | undefined} */
  let known
  /** @type {number | undefined} */
  let sentAt

  /** @param {readonly Activity[]} activities */
  function show(activities) {
    const fresh = known === undefined || sentAt === undefined ? undefined : activities.find(({ id }) => !known?.has(id))
    byId('activities-empty').hidden = activities.length > 0
    byId('activities-content').hidden = activities.length === 0
    byId('activities-rows').replaceChildren(...activities.map((activity) => showRow(activity, activity === fresh)))
    known = new Set(activities.map(({ id }) => id))
    if (fresh === undefined || sentAt === undefined) return
    const seconds = (performance.now() - sentAt) / 1000
    sentAt = undefined
    say(`“${fresh.name ?? fresh.sport}” has arrived, ${formatNumber(seconds, 1)} seconds after it was sent.`)
  }

  return {
    /** @param {DemoUser} user @param {Graphql} graphql */
    show(user, graphql) {
      show([])
      known = undefined
      sentAt = undefined
      query.show({}, user.id)
      graphql.subscribe(LATEST_ACTIVITIES, {}, { next: ({ activities }) => show(activities), failed: warn })
    },
    expectNew() {
      sentAt = performance.now()
    },
  }
}

/**
 * @param {Activity} activity
 * @param {boolean} isFresh
 */
function showRow(activity, isFresh) {
  const name = activity.name ?? 'Untitled'
  const facts = [
    activity.sport.replaceAll('_', ' '),
    formatStart(secondsOf(activity.local_day), 'day'),
    activity.device_name ?? 'no device',
  ]
  const heading = element(
    'th',
    { scope: 'row', role: 'rowheader' },
    element('span', { className: 'name', textContent: name }),
    element('span', { className: 'facts', textContent: facts.join(' · ') }),
  )
  if (activity.source_url?.startsWith('https://')) heading.append(linkToPlatform(activity, activity.source_url))
  const cells = [
    !activity.distance_m ? '–' : `${formatNumber(activity.distance_m / 1000, 1)} km`,
    activity.moving_time_s === null ? '–' : formatDuration(activity.moving_time_s),
    activity.heart_rate_mean_bpm === null ? '–' : `${formatNumber(activity.heart_rate_mean_bpm)} bpm`,
  ]
  return element(
    'tr',
    { className: isFresh ? 'fresh' : '', role: 'row' },
    heading,
    ...cells.map((textContent) => element('td', { role: 'cell', textContent })),
  )
}

/**
 * Strava's guidelines give the words and the look for its own.
 * @param {Activity} activity
 * @param {string} url
 */
function linkToPlatform({ platform, name }, url) {
  const isStrava = platform === 'strava'
  const hidden = element('span', { className: 'visually-hidden', textContent: `: ${name ?? 'Untitled'}` })
  const text = isStrava ? 'View on Strava' : 'View where it was recorded'
  return element(
    'a',
    { className: isStrava ? 'strava-link' : 'source-link', href: url, rel: 'noreferrer' },
    text,
    hidden,
  )
}
