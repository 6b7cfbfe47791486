import { meanBuckets, movingAverage } from './days.js'
import { byId } from './dom.js'
import { formatCount, formatNumber } from './format.js'
import { createPlot } from './plot.js'

/**
 * @import { Day, Range } from './days.js'
 *
 * @typedef {object} Measure
 * @property {string} id
 * @property {import('./plot.js').PlotStyle} style
 * @property {(day: Day) => number | null | undefined} read
 */

/** @type {readonly Measure[]} */
const MEASURES = [
  {
    id: 'steps',
    style: { title: 'Steps', unit: 'a day', digits: 0, shape: 'bars', color: 'distance' },
    read: ({ steps }) => steps,
  },
  {
    id: 'sleep',
    style: { title: 'Sleep', unit: 'h', digits: 1, shape: 'bars', color: 'time' },
    read: ({ sleep_asleep_s: seconds }) => (seconds == null ? null : seconds / 3600),
  },
  {
    id: 'rest',
    style: { title: 'Resting heart rate', unit: 'bpm', digits: 0, shape: 'points', color: 'heart' },
    read: ({ resting_heart_rate_bpm: rate }) => rate,
  },
]

/** What is measured all day and all night; not shown while there is none of it. */
export function createHealthPanel() {
  const plots = MEASURES.map((measure) => ({ measure, plot: createPlot(byId(`plot-${measure.id}`), measure.style) }))

  return (/** @type {readonly Day[]} */ days, /** @type {{ from: string, to: string, range: Range }} */ span) => {
    byId('health').hidden = days.every((day) => MEASURES.every(({ read }) => read(day) == null))
    for (const { measure, plot } of plots) plot.show(plotData(measure, days, span))
  }
}

/**
 * @param {Measure} measure
 * @param {readonly Day[]} days
 * @param {{ from: string, to: string, range: Range }} span
 * @returns {import('./plot.js').PlotData}
 */
function plotData({ read, style }, days, { from, to, range: { by, trend } }) {
  const buckets = meanBuckets(days, read, { from, to, by })
  const values = buckets.map(({ value }) => value)
  return {
    starts: buckets.map(({ start }) => start),
    values,
    trend: movingAverage(values, { size: trend, empty: null }),
    by,
    trendLabel: `average of ${trend} ${by}s`,
    summary: summarize(values, style, by),
  }
}

/**
 * @param {readonly (number | null)[]} values
 * @param {import('./plot.js').PlotStyle} style
 * @param {'day' | 'month'} by
 */
function summarize(values, { unit, digits }, by) {
  const known = values.filter((value) => value !== null)
  if (known.length === 0) return 'No data in this period.'
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length
  const [low, high] = [Math.min(...known), Math.max(...known)].map((value) => formatNumber(value, digits))
  return `${formatNumber(mean, digits)} ${unit} on average, between ${low} and ${high}, known of ${formatCount(known.length, by, `${by}s`)}.`
}
